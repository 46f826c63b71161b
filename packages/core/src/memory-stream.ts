import { type Delivered, type MicroError, remoteError } from './errors.ts';
import type { Body, StreamReceiver, StreamSink } from './transport.ts';

const limit = 16;

/** Both ends of a stream inside a process. `over` is called once, when it has ended either way. */
export class MemoryStream {
  /** What the client writes to, and what the server writes to. */
  readonly clientSink: StreamSink;
  readonly serverSink: StreamSink;
  private readonly toServer = new Pipe();
  private readonly toClient = new Pipe();
  private readonly over: () => void;

  constructor(client: StreamReceiver, over: () => void) {
    const { toServer, toClient } = this;
    this.over = over;
    toClient.receiver = client;
    toServer.writer = client;
    this.clientSink = {
      write: (body) => toServer.write(body),
      end: () => toServer.finish((server) => server.end()),
      abort: (error) => this.leave(error),
      pause: () => toClient.pause(),
      resume: () => toClient.resume(),
    };
    this.serverSink = {
      header: (metadata) => toClient.begin(() => client.header?.(metadata)),
      write: (body) => toClient.write(body),
      end: (metadata) => this.answer((receiver) => receiver.end(metadata)),
      abort: (error, delivered = 'yes', metadata) =>
        this.answer((receiver) => receiver.fail(error, delivered, metadata)),
      pause: () => toServer.pause(),
      resume: () => toServer.resume(),
    };
  }

  /** The server's end: nothing is delivered before it is there. */
  accept(server: StreamReceiver): void {
    this.toServer.receiver = server;
    this.toClient.writer = server;
    this.toServer.schedule();
  }

  /** The connection is gone: both sides are told. */
  break(error: MicroError, delivered: Delivered): void {
    this.toClient.discard((client) => client.fail(error, delivered));
    this.toServer.discard((server) => server.fail(error, 'maybe'));
    this.over();
  }

  private leave(error: MicroError): void {
    this.toClient.drop();
    this.toServer.discard((server) => server.fail(error, 'maybe'));
    this.over();
  }

  private answer(last: (client: StreamReceiver) => void): void {
    this.toServer.drop();
    this.toClient.finish((client) => {
      last(client);
      this.over();
    });
  }
}

/** One direction: bounded by its writer's good will, as a socket is; delivers later than it is written to. */
class Pipe {
  receiver: StreamReceiver | undefined;
  /** Who is told that there is room again. */
  writer: StreamReceiver | undefined;
  private queue: Body[] = [];
  private first: (() => void) | undefined;
  private last: ((receiver: StreamReceiver) => void) | undefined;
  private paused = false;
  private blocked = false;
  private closed = false;
  private scheduled = false;

  write(body: Body): boolean {
    if (this.closed) return true;
    this.queue.push(body);
    this.schedule();
    this.blocked ||= this.queue.length >= limit;
    return !this.blocked;
  }

  /** What is told before the first message. */
  begin(first: () => void): void {
    if (this.closed) return;
    this.first = first;
    this.schedule();
  }

  finish(last: (receiver: StreamReceiver) => void): void {
    if (this.closed) return;
    this.closed = true;
    this.last = last;
    this.schedule();
  }

  /** As `finish`, ahead of what is queued. */
  discard(last: (receiver: StreamReceiver) => void): void {
    this.queue = [];
    this.first = undefined;
    this.paused = false;
    this.closed = false;
    this.finish(last);
  }

  /** The stream is over: its receiver is told nothing more. */
  drop(): void {
    this.closed = true;
    this.queue = [];
    this.first = undefined;
    this.last = undefined;
    this.receiver = undefined;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.schedule();
  }

  schedule(): void {
    if (this.scheduled || this.receiver === undefined) return;
    this.scheduled = true;
    queueMicrotask(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    const { receiver } = this;
    if (receiver === undefined) return;
    const { first } = this;
    this.first = undefined;
    first?.();
    while (this.queue.length > 0 && !this.paused) receiver.message(this.queue.shift() ?? '');
    if (this.queue.length > 0) return;
    if (this.blocked) {
      this.blocked = false;
      this.writer?.drained();
    }
    const { last } = this;
    if (last === undefined || this.paused) return;
    this.last = undefined;
    last(receiver);
  }
}

/** What is told when a connection inside the process is cut. */
export function cut(address: string): MicroError {
  return remoteError('unavailable', `the connection to ${address} was closed`, { id: 'go.micro.transport' });
}
