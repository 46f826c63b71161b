import { type ChannelInterface, type Metadata, type StatusObject, status } from '@grpc/grpc-js';
import {
  type Body,
  type Delivered,
  MicroError,
  type OutgoingStream,
  type ReplyMetadata,
  type StreamSink,
} from '@micro/core';
import { isAny } from '@micro/core/plugin';
import { bodyOf, bufferOf, ClientCall, type GrpcCall } from './client-call.ts';
import { ReplyHeaders } from './reply-headers.ts';

/** Bytes that may wait before the writer is told to. */
const highWater = 65_536;

/** Bytes that are read ahead of a reader that has paused: see `onReceiveStatus`. */
const readAhead = 65_536;

/** Who keeps the streams under way. */
export interface StreamOwner {
  readonly maxMessageBytes: number;
  forgetStream(stream: ClientStream): void;
}

/** A stream from the client's side. */
export class ClientStream extends ClientCall implements StreamSink {
  private readonly owner: StreamOwner;
  private readonly stream: OutgoingStream;
  /** grpc-js takes a message when it has sent the one before. */
  private readonly queue: Buffer[] = [];
  private pending = 0;
  private sending = false;
  private onItsWay = 0;
  private readonly context = { callback: (): void => this.written() };
  private full = false;
  private finished = false;
  private over = false;
  private reading = false;
  private paused = false;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private received: StatusObject | undefined;

  constructor(owner: StreamOwner, channel: ChannelInterface, call: GrpcCall, stream: OutgoingStream) {
    super(channel, call);
    this.owner = owner;
    this.stream = stream;
  }

  read(): void {
    if (this.reading || this.over || this.heldBytes >= readAhead) return;
    this.reading = true;
    this.call.startRead();
  }

  onReceiveMessage(message: Buffer): void {
    this.reading = false;
    if (this.over) return;
    if (this.paused || this.held.length > 0) {
      this.held.push(message);
      this.heldBytes += message.length;
    } else this.stream.message(bodyOf(message, this.stream.target.text));
    this.read();
  }

  /** In grpc-js an error overtakes what was not read before it: so we read ahead, and tell the status in its turn. */
  override onReceiveStatus(received: StatusObject): void {
    if (this.held.length > 0) this.received = received;
    else super.onReceiveStatus(received);
  }

  override onReceiveMetadata(metadata: Metadata): void {
    super.onReceiveMetadata(metadata);
    if (this.over || !this.stream.wantsMetadata) return;
    const header = ReplyHeaders.read(metadata);
    if (isAny(header)) this.stream.header?.(header);
  }

  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void {
    if (this.leave()) this.stream.fail(error, delivered, metadata);
  }

  protected said(trailer: Metadata): ReplyMetadata | undefined {
    return this.stream.wantsMetadata ? { trailer: ReplyHeaders.read(trailer) } : undefined;
  }

  protected ended(trailer: Metadata): void {
    if (this.leave()) this.stream.end(this.said(trailer));
  }

  write(body: Body): boolean {
    if (this.over || this.finished) return true;
    const message = bufferOf(body);
    const { maxMessageBytes } = this.owner;
    if (message.length > maxMessageBytes) {
      this.leave();
      this.call.cancelWithStatus(status.CANCELLED, '');
      const error = tooLarge(message.length, maxMessageBytes);
      process.nextTick(() => this.stream.fail(error, 'maybe'));
      return true;
    }
    this.pending += message.length;
    if (this.sending) this.queue.push(message);
    else this.send(message);
    this.full = this.pending >= highWater;
    return !this.full;
  }

  end(): void {
    if (this.over || this.finished) return;
    this.finished = true;
    if (!this.sending) this.call.halfClose();
  }

  abort(): void {
    if (this.leave()) this.call.cancelWithStatus(status.CANCELLED, '');
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    // not inside this call
    if (this.held.length > 0) queueMicrotask(() => this.release());
    else this.read();
  }

  private release(): void {
    let told = 0;
    for (const message of this.held) {
      if (this.paused || this.over) break;
      told++;
      this.heldBytes -= message.length;
      this.stream.message(bodyOf(message, this.stream.target.text));
    }
    this.held = this.held.slice(told);
    if (this.held.length > 0) return;
    if (this.received !== undefined) super.onReceiveStatus(this.received);
    else this.read();
  }

  private leave(): boolean {
    if (this.over) return false;
    this.over = true;
    this.owner.forgetStream(this);
    return true;
  }

  private send(message: Buffer): void {
    this.sending = true;
    this.onItsWay = message.length;
    this.call.sendMessageWithContext(this.context, message);
  }

  private written(): void {
    this.pending -= this.onItsWay;
    this.sending = false;
    if (this.over) return;
    const next = this.queue.shift();
    if (next !== undefined) this.send(next);
    else if (this.finished) this.call.halfClose();
    if (!this.full || this.pending >= highWater) return;
    this.full = false;
    this.stream.drained();
  }
}

export function tooLarge(bytes: number, limit: number): MicroError {
  return new MicroError('too_large', `a message of ${bytes} bytes, ${limit} are the limit (maxMessageBytes)`);
}
