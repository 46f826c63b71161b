import { type Body, MicroError, type StreamReceiver, type StreamSink } from '@micro/core';
import { eos, readBody, wireBody } from '@micro/core/plugin';
import type { Fields, Received } from './carrier.ts';
import { marks } from './header.ts';

/** What a sender may send before it has heard from the receiver, and what a message costs besides its bytes. */
const firstWindow = 65_536;
const overhead = 128;

type Last = (receiver: StreamReceiver) => void;

/**
 * One end of a stream. Each direction has a window in bytes: who reads grants credit for what was read, who writes
 * waits without it. A peer that does not count (Go) is written to and read from without it.
 */
export abstract class StreamEnd implements StreamSink {
  /** For this side nothing follows. */
  protected over = false;
  /** This side has sent all. */
  protected ended = false;
  private readonly windowBytes: number;
  private readonly maxQueuedBytes: number;
  private readonly contentType: string;
  private readonly text: boolean;
  private receiver: StreamReceiver | undefined;
  private credit = firstWindow;
  /** The peer counts: it is told what was read. */
  private counts = false;
  private waiting = false;
  private readonly queue: Body[] = [];
  private readonly costs: number[] = [];
  private queued = 0;
  private read = 0;
  private lastWord: Last | undefined;
  private paused = true;

  constructor(contentType: string, text: boolean, windowBytes: number, maxQueuedBytes: number) {
    this.contentType = contentType;
    this.text = text;
    this.windowBytes = windowBytes;
    this.maxQueuedBytes = maxQueuedBytes;
  }

  /** Sends a message of the stream. Throws when it cannot leave. */
  protected abstract send(fields: Fields, body: Body | undefined): void;
  /** Whether more has been sent than the message system has taken. */
  protected abstract get full(): boolean;
  /** The stream has ended either way. */
  protected abstract finished(): void;

  /** From now on messages are told. */
  protected start(receiver: StreamReceiver): void {
    this.receiver = receiver;
    this.resume();
  }

  get silent(): boolean {
    return !this.counts;
  }

  /** The peer's window; `undefined`: it does not count. */
  protected counting(window: number | undefined): void {
    this.counts = window !== undefined;
    this.granted(window === undefined ? Number.POSITIVE_INFINITY : window - firstWindow);
  }

  protected granted(bytes: number): void {
    this.credit += bytes;
    this.room();
  }

  /** Tells the writer, when there is room again. */
  room(): void {
    if (!this.waiting || this.credit <= 0 || this.full || this.over) return;
    this.waiting = false;
    this.receiver?.drained();
  }

  /** A message of the peer. */
  protected take(message: Received): void {
    if (this.over || this.lastWord !== undefined) return;
    let bytes: Uint8Array;
    try {
      bytes = message.bytes();
    } catch (error) {
      this.fault(MicroError.from(error));
      return;
    }
    const cost = bytes.length + overhead;
    if (this.queued + cost > this.maxQueuedBytes && this.queued > 0) {
      this.fault(
        new MicroError(
          'overloaded',
          `a slow reader: more than ${this.maxQueuedBytes} bytes wait (maxQueuedBytes)`,
        ),
      );
      return;
    }
    this.queue.push(readBody(bytes, 0, bytes.length, this.text, this.contentType));
    this.costs.push(cost);
    this.queued += cost;
    this.deliver();
  }

  /** What is told after all messages that have come. */
  protected conclude(last: Last): void {
    if (this.over) return;
    this.lastWord ??= last;
    this.deliver();
  }

  /** Told at once: what waits is dropped. */
  protected break(error: MicroError, delivered: 'no' | 'maybe'): void {
    if (this.over) return;
    const { receiver } = this;
    this.finish();
    receiver?.fail(error, delivered);
  }

  write(body: Body): boolean {
    if (this.over || this.ended) return true;
    const wire = wireBody(body, this.contentType);
    try {
      this.send([], wire);
    } catch (error) {
      this.fault(MicroError.from(error));
      return true;
    }
    this.credit -= (typeof wire === 'string' ? Buffer.byteLength(wire) : wire.length) + overhead;
    this.waiting ||= this.credit <= 0 || this.full;
    return !this.waiting;
  }

  abstract end(): void;
  abstract abort(error: MicroError): void;

  /** The stream cannot go on, for a reason on this side: both are told. */
  protected fault(error: MicroError): void {
    if (this.over) return;
    this.abort(error);
    const { receiver } = this;
    // later than what is running now returns
    queueMicrotask(() => receiver?.fail(error, 'yes'));
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (this.over || this.receiver === undefined) return;
    this.paused = false;
    if (this.queue.length > 0 || this.lastWord !== undefined) queueMicrotask(() => this.deliver());
  }

  /** Sends without a body; what cannot leave any more is of no use to the peer. */
  protected tryToSend(fields: Fields, body?: Body): void {
    try {
      this.send(fields, body);
    } catch {
      // without a body it is never too large: the connection is lost, and the peer has noticed
    }
  }

  protected sendEnd(more: Fields = []): void {
    this.ended = true;
    this.tryToSend(['Micro-Error', eos, ...more]);
  }

  /** Nothing is sent or told any more. */
  protected finish(): void {
    if (this.over) return;
    this.over = true;
    this.queue.length = 0;
    this.finished();
  }

  private deliver(): void {
    const { receiver } = this;
    if (receiver === undefined) return;
    while (!this.paused && !this.over && this.queue.length > 0) {
      const cost = this.costs.shift() ?? 0;
      this.queued -= cost;
      receiver.message(this.queue.shift() ?? '');
      this.grant(cost);
    }
    if (this.paused || this.over || this.queue.length > 0 || this.lastWord === undefined) return;
    const { lastWord } = this;
    this.lastWord = undefined;
    lastWord(receiver);
  }

  private grant(cost: number): void {
    if (!this.counts) return;
    this.read += cost;
    if (this.read < this.windowBytes / 2 || this.over) return;
    this.tryToSend([marks.credit, String(this.read)]);
    this.read = 0;
  }
}
