import {
  type Body,
  type Delivered,
  type IncomingCall,
  type Metadata,
  MicroError,
  type Peer,
  type ReplyMetadata,
  type Route,
} from '@micro/core';
import { readBody, readTimeout, wireBody } from '@micro/core/plugin';
import type { Head } from './head.ts';
import { readMetadata } from './metadata.ts';
import type { ServerConnection } from './server-connection.ts';
import { errorLines } from './write.ts';

/** A request, and core's object of it while it is under way. */
export class HttpCall implements IncomingCall {
  readonly head: Head;
  readonly route: Route;
  readonly body: Body;
  readonly remainingMs: number;
  private readonly connection: ServerConnection;
  private lazy: Metadata | undefined;

  constructor(
    connection: ServerConnection,
    head: Head,
    route: Route,
    buffer: Buffer,
    from: number,
    to: number,
  ) {
    this.connection = connection;
    this.head = head;
    this.route = route;
    this.body = readBody(buffer, from, to, route.text, head.type);
    this.remainingMs = readTimeout(head.timeout);
  }

  get metadata(): Metadata {
    this.lazy ??= readMetadata(this.head.text);
    return this.lazy;
  }

  /** A stale stream id, which Go handlers forward with their metadata, makes no stream of a unary endpoint. */
  get opensStream(): boolean {
    return this.route.kind !== 'unary' && this.head.stream !== '';
  }

  get peer(): Peer {
    return this.connection.peerOf(this.head.from);
  }

  reply(body: Body, metadata?: ReplyMetadata): void {
    const { head, connection } = this;
    try {
      const wire = wireBody(body, head.type, connection.maxBodyBytes);
      connection.answer(this, metadata === undefined ? '' : connection.linesOf(metadata), wire);
    } catch (error) {
      this.fail(MicroError.from(error), 'yes');
    }
  }

  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void {
    const { connection } = this;
    connection.answer(this, errorLines(error, delivered) + connection.linesOfError(metadata), '');
  }
}
