import {
  type Body,
  type Delivered,
  type IncomingStream,
  type Metadata,
  MicroError,
  type Peer,
  type ReplyMetadata,
  type StreamReceiver,
  type StreamSink,
} from '@micro/core';
import { decodeError, eos, readBody, wireBody } from '@micro/core/plugin';
import type { Head } from './head.ts';
import type { HttpCall } from './incoming-call.ts';
import { headerText } from './metadata.ts';
import type { ServerConnection } from './server-connection.ts';
import { errorHeaders, errorLines } from './write.ts';

/** A stream on a connection of its own: messages both ways that are not paired (go-micro v4: server/rpc_stream.go). */
export class ServerStream implements IncomingStream, StreamSink {
  readonly remainingMs: number;
  private readonly connection: ServerConnection;
  private readonly opening: HttpCall;
  private readonly lines: string;
  private receiver: StreamReceiver | undefined;
  private readonly early: (() => void)[] = [];
  /** Lines that go with the first message alone. */
  private first = '';
  private heard = false;
  private over = false;

  constructor(connection: ServerConnection, opening: HttpCall) {
    this.connection = connection;
    this.opening = opening;
    this.remainingMs = opening.remainingMs;
    this.lines = `Micro-Stream: ${opening.head.stream}\r\n`;
  }

  get sink(): StreamSink {
    return this;
  }

  get metadata(): Metadata {
    return this.opening.metadata;
  }

  get peer(): Peer {
    return this.opening.peer;
  }

  /** What follows in the same chunk is told a moment later: `stream` has to return first. */
  begin(receiver: StreamReceiver): void {
    queueMicrotask(() => {
      this.receiver = receiver;
      for (const receive of this.early.splice(0)) receive();
    });
  }

  /** A message of the client: an item, the end of its side, or an error. */
  receive(head: Head, buffer: Buffer, from: number, to: number): void {
    if (this.receiver === undefined) {
      this.early.push(() => this.receive(head, buffer, from, to));
      return;
    }
    if (this.over || this.heard) return;
    const { kind, text } = this.opening.route;
    if (head.error === '') {
      this.receiver.message(readBody(buffer, from, to, text, this.opening.head.type));
      // Go's clients cannot end their side of a stream: one request is all there is
      if (kind !== 'server-stream') return;
      this.heard = true;
      this.receiver.end();
    } else if (head.error === eos) {
      this.heard = true;
      this.receiver.end();
    } else {
      this.over = true;
      this.receiver.fail(decodeError(headerText(head.error)), 'yes');
      this.connection.end();
    }
  }

  /** Goes with the first message, whatever that is. */
  header(metadata: Metadata): void {
    try {
      this.first = this.connection.linesOf({ header: metadata });
    } catch (error) {
      this.fault(MicroError.from(error));
    }
  }

  drained(): void {
    if (!this.over) this.receiver?.drained();
  }

  /** The connection is gone. */
  left(): void {
    if (this.over) return;
    this.over = true;
    this.receiver?.fail(new MicroError('canceled', 'the client has left the stream'), 'maybe');
  }

  write(body: Body): boolean {
    if (this.over) return true;
    const { head } = this.opening;
    try {
      const wire = wireBody(body, head.type, this.connection.maxBodyBytes);
      const lines = this.first + this.lines;
      this.first = '';
      return this.connection.write(head, lines, wire);
    } catch (error) {
      this.fault(MicroError.from(error));
      return true;
    }
  }

  end(metadata?: ReplyMetadata): void {
    if (this.over) return;
    try {
      this.finish(errorHeaders(eos) + this.trailer(metadata));
    } catch (error) {
      this.fault(MicroError.from(error));
    }
  }

  abort(error: MicroError, delivered: Delivered = 'yes', metadata?: ReplyMetadata): void {
    const { trailer } = metadata ?? {};
    this.finish(errorLines(error, delivered) + this.connection.linesOfError(trailer && { trailer }));
  }

  private trailer(metadata: ReplyMetadata | undefined): string {
    const { trailer } = metadata ?? {};
    return trailer === undefined ? '' : this.connection.linesOf({ trailer });
  }

  /** The stream cannot go on, for a reason on this side: both are told. */
  private fault(error: MicroError): void {
    if (this.over) return;
    this.abort(error);
    queueMicrotask(() => this.receiver?.fail(error, 'yes'));
  }

  private finish(lines: string): void {
    if (this.over) return;
    this.over = true;
    this.connection.write(this.opening.head, this.first + this.lines + lines, '');
    this.connection.end();
  }

  pause(): void {
    if (!this.over) this.connection.socket.pause();
  }

  resume(): void {
    if (!this.over) this.connection.resume();
  }
}
