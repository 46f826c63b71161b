import { type Acceptor, MicroError } from '@micro/core';
import { decodeError } from '@micro/core/plugin';
import { type Bytes, u32 } from './bytes.ts';
import type { CallHead } from './call-head.ts';
import { IncomingFrameStream } from './incoming.ts';
import { CREDIT, END, RESET, slotMask } from './layout.ts';
import type { ServerSession } from './server-session.ts';
import { FrameStream } from './stream.ts';

/** The streams of a client's connection. */
export class ServerStreams {
  private readonly session: ServerSession;
  private readonly acceptor: Acceptor;
  private readonly streams: (FrameStream | undefined)[] = [];

  constructor(session: ServerSession, acceptor: Acceptor) {
    this.session = session;
    this.acceptor = acceptor;
  }

  /** Whether a stream of that id can be opened now. */
  canOpen(id: number): boolean {
    const slot = id & slotMask;
    const { streams, session } = this;
    return (
      id < 0 && slot <= streams.length && slot < session.limits.maxStreams && streams[slot] === undefined
    );
  }

  open(id: number, { route, ms, metadata }: CallHead, credit: number): void {
    const { session, streams } = this;
    const slot = id & slotMask;
    const stream: FrameStream = new FrameStream('server', route.text, session.limits.windowBytes, () => {
      if (streams[slot] === stream) streams[slot] = undefined;
      session.dropBody(id);
    });
    streams[slot] = stream;
    stream.attach(session, id, credit);
    stream.tell(this.acceptor.stream(route, new IncomingFrameStream(session, ms, metadata, stream)));
    // what follows in the same chunk is told a moment later: `stream` has to return first
    stream.incoming.later();
  }

  /** Undefined: it has ended here, which its client did not know when it sent; or the connection is broken. */
  get(id: number): FrameStream | undefined {
    const slot = id & slotMask;
    const stream = this.streams[slot];
    if (id >= 0 || slot >= this.streams.length)
      this.session.broken('protocol', `there was no stream ${id >>> 0}`);
    return stream?.id === id ? stream : undefined;
  }

  /** END, RESET or CREDIT. False: the frame makes no sense. */
  control(type: number, id: number, bytes: Bytes, from: number, to: number): boolean {
    const stream = this.get(id);
    if (type === CREDIT) {
      if (to - from !== 4) return false;
      if (stream?.grant(u32(bytes, from)) === false)
        this.session.broken('flow', 'credit that makes no sense');
    } else if (type === RESET) {
      const why = to > from ? decodeError(bytes.utf8Slice(from, to)) : undefined;
      stream?.fail(why ?? new MicroError('canceled', 'the client has left the stream'), 'maybe');
    } else if (type === END) {
      if (stream === undefined) return true;
      if (stream.incoming.ended || this.session.hasBody(id)) return false;
      stream.incoming.end(undefined, 'yes');
    }
    return true;
  }

  /** The socket has room. */
  room(): void {
    for (const stream of this.streams) stream?.room();
  }

  fail(error: MicroError): void {
    for (const stream of this.streams.splice(0)) stream?.fail(error, 'maybe');
  }
}
