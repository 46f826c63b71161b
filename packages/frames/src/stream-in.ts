import type { Body, Delivered, MicroError, ReplyMetadata } from '@micro/core';
import { messageCost } from './layout.ts';

/** What a reader has not taken yet: a message, or how the other side ended. */
type Told =
  | { readonly body: Body; readonly cost: number }
  | {
      readonly error: MicroError | undefined;
      readonly delivered: Delivered;
      readonly said: ReplyMetadata | undefined;
    };

/** Who is told what a stream receives, and who gives credit to the peer. */
export interface StreamOwner {
  readonly over: boolean;
  message(body: Body): void;
  peerEnd(error: MicroError | undefined, delivered: Delivered, said: ReplyMetadata | undefined): void;
  /** Of messages that were read; the peer may send as much again. */
  credit(bytes: number): void;
}

/** The direction towards us: what the peer may send, and what waits while the reader has paused. */
export class StreamIn {
  /** The peer has sent its end. */
  ended = false;
  /** A header or a message has come. */
  begun = false;
  private readonly owner: StreamOwner;
  private readonly windowBytes: number;
  private allowance: number;
  private consumed = 0;
  private paused = false;
  /** Nothing is told now: paused, or in the moment before it is told again. */
  private held = false;
  private telling = false;
  private readonly inbox: Told[] = [];

  constructor(owner: StreamOwner, windowBytes: number) {
    this.owner = owner;
    this.windowBytes = this.allowance = windowBytes;
  }

  /** Whether the peer had credit for the message that begins. */
  get mayBegin(): boolean {
    return this.allowance > 0;
  }

  /** A message has come whole; `bytes` on the wire. */
  message(body: Body, bytes: number): void {
    const cost = bytes + messageCost;
    this.allowance -= cost;
    this.begun = true;
    if (this.held || this.inbox.length > 0) this.inbox.push({ body, cost });
    else this.give(body, cost);
  }

  /** The other side has ended, or the stream with an error. */
  end(error: MicroError | undefined, delivered: Delivered, said?: ReplyMetadata): void {
    this.begun = this.ended = true;
    if (this.held || this.inbox.length > 0) this.inbox.push({ error, delivered, said });
    else this.owner.peerEnd(error, delivered, said);
  }

  pause(): void {
    this.paused = this.held = true;
  }

  resume(): void {
    this.paused = false;
    if (this.held) this.later();
  }

  /** Tells nothing until the caller has returned. */
  later(): void {
    this.held = true;
    queueMicrotask(() => {
      this.held = this.paused;
      this.deliver();
    });
  }

  clear(): void {
    this.inbox.length = 0;
  }

  private give(body: Body, cost: number): void {
    this.consumed += cost;
    this.owner.message(body);
    if (this.consumed * 2 < this.windowBytes || this.owner.over || this.ended) return;
    this.allowance += this.consumed;
    this.owner.credit(this.consumed);
    this.consumed = 0;
  }

  private deliver(): void {
    if (this.telling) return;
    this.telling = true;
    while (!this.held && !this.owner.over) {
      const next = this.inbox.shift();
      if (next === undefined) break;
      if ('body' in next) this.give(next.body, next.cost);
      else this.owner.peerEnd(next.error, next.delivered, next.said);
    }
    this.telling = false;
  }
}
