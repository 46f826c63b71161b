import type {
  Body,
  Delivered,
  IncomingCall,
  IncomingStream,
  Metadata,
  MicroError,
  Peer,
  ReplyMetadata,
  Route,
  StreamSink,
  Work,
} from '@micro/core';
import { now } from '@micro/core/plugin';
import { decodeMetadata } from './metadata.ts';
import type { ServerSession } from './server-session.ts';

/** A call under way, seen from the server: core's object of it, and the session's entry. */
export class IncomingFrameCall implements IncomingCall {
  readonly id: number;
  readonly route: Route;
  body: Body;
  remainingMs: number;
  work: Work | undefined = undefined;
  private readonly session: ServerSession;
  private readonly text: string;
  private startedAt = 0;
  private known: Metadata | undefined = undefined;

  constructor(session: ServerSession, id: number, route: Route, body: Body, ms: number, metadata: string) {
    this.session = session;
    this.id = id;
    this.route = route;
    this.body = body;
    this.remainingMs = ms;
    this.text = metadata;
  }

  get metadata(): Metadata {
    this.known ??= decodeMetadata(this.text);
    return this.known;
  }

  get peer(): Peer {
    return this.session.peer;
  }

  /** Its body comes in parts: that takes time. */
  begun(): void {
    this.startedAt = now();
  }

  whole(body: Body): void {
    this.body = body;
    if (this.remainingMs > 0) this.remainingMs = Math.max(1, this.remainingMs - (now() - this.startedAt));
  }

  reply(body: Body, metadata?: ReplyMetadata): void {
    this.session.reply(this, body, metadata);
  }

  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void {
    this.session.fail(this, error, delivered === 'no', metadata);
  }
}

export class IncomingFrameStream implements IncomingStream {
  readonly remainingMs: number;
  readonly sink: StreamSink;
  private readonly session: ServerSession;
  private readonly text: string;

  constructor(session: ServerSession, ms: number, metadata: string, sink: StreamSink) {
    this.session = session;
    this.remainingMs = ms;
    this.text = metadata;
    this.sink = sink;
  }

  get metadata(): Metadata {
    return decodeMetadata(this.text);
  }

  get peer(): Peer {
    return this.session.peer;
  }
}
