import { type Body, type Delivered, MicroError, type StreamReceiver, type StreamSink } from '@micro/core';
import { encodeError } from '@micro/core/plugin';
import { END, MESSAGE, maxErrorText, messageCost, RESET, UNDELIVERED } from './layout.ts';
import type { Session } from './session.ts';
import { StreamIn, type StreamOwner } from './stream-in.ts';

interface Last {
  readonly error: MicroError | undefined;
  readonly delivered: Delivered;
}

/** A stream of a session, from either side. Before it is attached to one, what is written waits. */
export class FrameStream implements StreamSink, StreamOwner {
  id = 0;
  /** Nothing more is told or sent. */
  over = false;
  readonly incoming: StreamIn;
  /** The reader wants text. */
  readonly text: boolean;
  private readonly side: 'client' | 'server';
  private readonly onOver: (stream: FrameStream) => void;
  private session: Session | undefined;
  private receiver: StreamReceiver | undefined;
  private credited = 0;
  private readonly waiting: Body[] = [];
  /** What comes behind the last message. */
  private last: Last | undefined;
  private ended = false;
  /** A long message is being sent. */
  private sending = false;
  /** The writer was told to wait. */
  private blocked = false;

  /** `windowBytes`: what the peer may send before it has to wait for the reader. */
  constructor(
    side: 'client' | 'server',
    text: boolean,
    windowBytes: number,
    onOver: (stream: FrameStream) => void,
  ) {
    this.side = side;
    this.text = text;
    this.onOver = onOver;
    this.incoming = new StreamIn(this, windowBytes);
  }

  /** From now on it can send, so much. */
  attach(session: Session, id: number, credit: number): void {
    this.session = session;
    this.id = id;
    this.credited = credit;
  }

  tell(receiver: StreamReceiver): void {
    this.receiver = receiver;
  }

  write(body: Body): boolean {
    if (this.over || this.last !== undefined) return true;
    this.waiting.push(body);
    this.pump();
    this.blocked ||= !this.over && (this.waiting.length > 0 || this.sending || this.credited <= 0);
    return !this.blocked;
  }

  end(): void {
    if (this.over || this.last !== undefined) return;
    this.last = { error: undefined, delivered: 'yes' };
    this.pump();
  }

  abort(error: MicroError, delivered: Delivered = 'yes'): void {
    if (this.over) return;
    this.receiver = undefined;
    this.incoming.clear();
    // a server's error comes behind what it has sent; a client leaves at once
    if (this.side === 'client') this.leave('');
    else {
      this.last = { error, delivered };
      this.pump();
    }
  }

  pause(): void {
    this.incoming.pause();
  }

  resume(): void {
    this.incoming.resume();
  }

  /** The socket or the peer has room again: what waits is sent, and a writer that had to wait is told. */
  room(): void {
    this.pump();
    if (!this.blocked || this.over || this.waiting.length > 0 || this.sending || this.credited <= 0) return;
    if (this.session?.congested !== false) return;
    this.blocked = false;
    this.receiver?.drained();
  }

  /** The peer has read. False: that makes no sense. */
  grant(bytes: number): boolean {
    this.credited += bytes;
    if (bytes === 0 || this.credited > 0x7fffffff) return false;
    this.room();
    return true;
  }

  /** Ends at once, whatever was to be told or sent. */
  fail(error: MicroError, delivered: Delivered): void {
    if (this.over) return;
    const { receiver } = this;
    this.finish();
    receiver?.fail(error, delivered);
  }

  message(body: Body): void {
    this.receiver?.message(body);
  }

  peerEnd(error: MicroError | undefined, delivered: Delivered): void {
    const { receiver } = this;
    if (error !== undefined) this.fail(error, delivered);
    else {
      if (this.side === 'client') this.finish();
      receiver?.end();
    }
  }

  credit(bytes: number): void {
    this.session?.credit(this.id, bytes);
  }

  private pump(): void {
    const { session, waiting } = this;
    if (session === undefined || this.over) return;
    let sent = 0;
    while (sent < waiting.length && !this.sending && this.credited > 0 && !session.congested) {
      this.send(session, waiting[sent++] ?? '');
      if (this.over) return;
    }
    waiting.splice(0, sent);
    if (waiting.length > 0 || this.sending || this.last === undefined || this.ended) return;
    this.ended = true;
    const { error, delivered } = this.last;
    if (error === undefined) session.writer.put(END, 0, this.id, '');
    else
      session.writer.put(
        RESET,
        delivered === 'no' ? UNDELIVERED : 0,
        this.id,
        encodeError(error, maxErrorText),
      );
    if (this.side === 'server') this.finish();
  }

  private send(session: Session, body: Body): void {
    if (body.length <= session.inlineMost) {
      this.credited -= messageCost + session.writer.put(MESSAGE, 0, this.id, body);
      return;
    }
    try {
      this.credited -= messageCost + session.sizeOf(body);
    } catch (cause) {
      this.refuse(MicroError.from(cause));
      return;
    }
    this.sending = true;
    const sent = (): void => {
      this.sending = false;
      this.room();
    };
    session.bodiesOut.add({ type: MESSAGE, id: this.id, body, sent });
  }

  /** A message cannot be sent: the stream ends with that on both sides. */
  private refuse(error: MicroError): void {
    const { receiver } = this;
    this.leave(this.side === 'server' ? encodeError(error, maxErrorText) : '');
    queueMicrotask(() => receiver?.fail(error, 'maybe'));
  }

  private leave(reason: string): void {
    this.session?.writer.put(RESET, 0, this.id, reason);
    this.finish();
  }

  private finish(): void {
    this.over = true;
    if (this.sending) this.session?.bodiesOut.drop(this.id);
    this.waiting.length = 0;
    this.incoming.clear();
    this.receiver = undefined;
    this.onOver(this);
  }
}
