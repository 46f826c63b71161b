import {
  type Body,
  type Delivered,
  type Metadata,
  MicroError,
  type ReplyMetadata,
  type StreamReceiver,
  type StreamSink,
} from '@micro/core';
import { decodeError, encodeError } from '@micro/core/plugin';
import type { Bytes } from './bytes.ts';
import {
  END,
  HEADER,
  MESSAGE,
  METADATA,
  MORE,
  maxErrorText,
  messageCost,
  RESET,
  UNDELIVERED,
} from './layout.ts';
import { decodeMetadata, encodeMetadata } from './metadata.ts';
import { before, blocksOfError, deliveredBy, encodeBlocks, nothing, readSaid } from './reply-blocks.ts';
import type { Session } from './session.ts';
import { StreamIn, type StreamOwner } from './stream-in.ts';

interface Last {
  readonly error: MicroError | undefined;
  readonly delivered: Delivered;
  /** Of the trailer. */
  readonly blocks: Uint8Array;
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

  header(metadata: Metadata): void {
    const { session } = this;
    if (this.over || session?.tells !== true) return;
    try {
      session.writer.put(HEADER, 0, this.id, encodeMetadata(metadata));
    } catch (error) {
      this.refuse(MicroError.from(error));
    }
  }

  end(metadata?: ReplyMetadata): void {
    if (this.over || this.last !== undefined) return;
    try {
      this.last = { error: undefined, delivered: 'yes', blocks: this.trailer(metadata) };
      this.pump();
    } catch (error) {
      this.refuse(MicroError.from(error));
    }
  }

  /** Throws `bad_request` and `too_large`. */
  private trailer(metadata: ReplyMetadata | undefined): Uint8Array {
    const wanted = metadata?.trailer !== undefined && this.session?.tells === true;
    return wanted ? encodeBlocks(metadata.trailer) : nothing;
  }

  abort(error: MicroError, delivered: Delivered = 'yes', metadata?: ReplyMetadata): void {
    if (this.over) return;
    this.receiver = undefined;
    this.incoming.clear();
    // a server's error comes behind what it has sent; a client leaves at once
    if (this.side === 'client') this.leave('');
    else {
      this.last = { error, delivered, blocks: blocksOfError(() => this.trailer(metadata)) };
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
  fail(error: MicroError, delivered: Delivered, said?: ReplyMetadata): void {
    if (this.over) return;
    const { receiver } = this;
    this.finish();
    receiver?.fail(error, delivered, said);
  }

  /** A MESSAGE, or the first frame of one. */
  received(session: Session, flags: number, bytes: Bytes, from: number, to: number): void {
    const { incoming } = this;
    if (incoming.ended) session.broken('protocol', 'a message behind the end of its stream');
    else if (!incoming.mayBegin)
      session.broken('flow', 'more messages on a stream than there was credit for');
    else if ((flags & MORE) !== 0) session.beginParts(MESSAGE, flags, this.id, bytes, from, to);
    else if (!session.oversized(to - from))
      incoming.message(session.body(this.text, flags, bytes, from, to), to - from);
  }

  /** A HEADER of the server. */
  peerHeader(session: Session, bytes: Bytes, from: number, to: number): void {
    if (this.incoming.begun) session.broken('protocol', 'a header that is not the first of its stream');
    this.incoming.begun = true;
    if (!session.ending) this.receiver?.header?.(decodeMetadata(bytes.utf8Slice(from, to)));
  }

  /** END or RESET of the server. */
  peerEnds(session: Session, type: number, flags: number, bytes: Bytes, from: number, to: number): void {
    session.dropBody(this.id);
    const said = readSaid(session, 'end', flags, bytes, from, to);
    if (said === undefined) return;
    const error = type === END ? undefined : decodeError(bytes.utf8Slice(said.at, to));
    if (this.incoming.ended) session.broken('protocol', 'a second end of a stream');
    else this.incoming.end(error, deliveredBy(flags), said.metadata);
  }

  message(body: Body): void {
    this.receiver?.message(body);
  }

  peerEnd(error: MicroError | undefined, delivered: Delivered, said: ReplyMetadata | undefined): void {
    const { receiver } = this;
    if (error !== undefined) this.fail(error, delivered, said);
    else {
      if (this.side === 'client') this.finish();
      receiver?.end(said);
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
    const { error, delivered, blocks } = this.last;
    const flags = blocks === nothing ? 0 : METADATA;
    if (error === undefined) session.writer.put(END, flags, this.id, blocks);
    else {
      const text = encodeError(error, maxErrorText);
      const all = flags | (delivered === 'no' ? UNDELIVERED : 0);
      session.writer.put(RESET, all, this.id, blocks === nothing ? text : before(blocks, text));
    }
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
