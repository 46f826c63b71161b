import type { Socket } from 'node:net';
import type { Body } from '@micro/core';
import { ASCII, METADATA, MORE, maxPartial, PART, partBytes } from './layout.ts';
import type { FrameWriter } from './writer.ts';

/** A body that is too long for one frame. */
export interface LargeBody {
  readonly type: number;
  readonly id: number;
  readonly body: Body;
  /** What stands before the body, made when its first frame leaves; undefined: nothing. */
  readonly head?: (() => { readonly bytes: Uint8Array; readonly metadata: boolean }) | undefined;
  /** The last part was handed to the socket. */
  readonly sent?: (() => void) | undefined;
}

interface Sending {
  readonly large: LargeBody;
  readonly bytes: Uint8Array;
  at: number;
}

/** In one turn of the event loop; then others may write. */
const partsATurn = 4;

/** Sends long bodies in parts, some at once in turn, with the frames of others between them. */
export class BodiesOut {
  /** Bytes that wait, about. */
  bytes = 0;
  /** A body has left whole, or nobody wants it any more. */
  onLess: (() => void) | undefined;
  private readonly socket: Socket;
  private readonly writer: FrameWriter;
  private readonly waiting = new Map<number, LargeBody>();
  private active: Sending[] = [];
  private scheduled = false;
  private whenEmpty: (() => void) | undefined;
  private readonly turn = (): void => {
    this.scheduled = false;
    this.pump();
  };

  constructor(socket: Socket, writer: FrameWriter) {
    this.socket = socket;
    this.writer = writer;
  }

  get empty(): boolean {
    return this.active.length === 0 && this.waiting.size === 0;
  }

  add(large: LargeBody): void {
    this.waiting.set(large.id, large);
    this.bytes += large.body.length;
    this.schedule();
  }

  /** Nobody wants it any more. True: nothing of it has left. */
  drop(id: number): boolean {
    const large = this.waiting.get(id);
    if (large !== undefined) {
      this.waiting.delete(id);
      this.bytes -= large.body.length;
      this.onLess?.();
      this.settle();
      return true;
    }
    const sending = this.active.find((one) => one.large.id === id);
    if (sending !== undefined) this.stop(sending);
    return false;
  }

  /** Ids of which nothing has left. */
  unsent(): number[] {
    return [...this.waiting.keys()];
  }

  /** The socket has taken what was written. */
  drained(): void {
    if (!this.empty) this.schedule();
  }

  /** Calls back once, when all has been handed to the socket. */
  onEmpty(callback: () => void): void {
    this.whenEmpty = callback;
    this.settle();
  }

  clear(): void {
    this.waiting.clear();
    this.active = [];
    this.bytes = 0;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.turn);
  }

  private pump(): void {
    const { writer } = this;
    for (let parts = 0; parts < partsATurn; parts++) {
      if (!this.socket.writable || writer.queued >= partBytes) return; // 'drain' goes on
      this.fill();
      const sending = this.active.shift();
      if (sending === undefined) return;
      this.part(sending);
    }
    if (!this.empty) this.schedule();
  }

  private fill(): void {
    for (const [id, large] of this.waiting) {
      if (this.active.length >= maxPartial) return;
      this.waiting.delete(id);
      const { body } = large;
      this.active.push({ large, bytes: typeof body === 'string' ? Buffer.from(body) : body, at: 0 });
    }
  }

  private part(sending: Sending): void {
    const { large, bytes, at } = sending;
    const end = Math.min(bytes.byteLength, at + partBytes);
    const last = end === bytes.byteLength;
    let flags = last ? 0 : MORE;
    let head: Uint8Array | undefined;
    if (at === 0) {
      if (typeof large.body === 'string' && large.body.length === bytes.byteLength) flags |= ASCII;
      const before = large.head?.();
      if (before?.metadata) flags |= METADATA;
      head = before?.bytes;
    }
    sending.at = end;
    if (!last) this.active.push(sending);
    this.writer.putLarge(at === 0 ? large.type : PART, flags, large.id, head, bytes.subarray(at, end));
    if (last) this.stop(sending);
  }

  private stop(sending: Sending): void {
    const at = this.active.indexOf(sending);
    if (at >= 0) this.active.splice(at, 1);
    this.bytes -= sending.large.body.length;
    const finished = sending.at === sending.bytes.byteLength;
    if (finished) sending.large.sent?.();
    this.onLess?.();
    this.settle();
  }

  private settle(): void {
    if (this.whenEmpty === undefined || !this.empty) return;
    const callback = this.whenEmpty;
    this.whenEmpty = undefined;
    callback();
  }
}
