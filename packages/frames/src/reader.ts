import { staleClock } from '@micro/core/plugin';
import { type Bytes, i32, u32 } from './bytes.ts';
import { ASCII, headBytes, maxFrame, type Reason } from './layout.ts';

export interface FrameReceiver {
  /** The frame's rest is at `bytes[from..to)`; `id` is signed. */
  frame(type: number, flags: number, id: number, bytes: Bytes, from: number, to: number): void;
  /** The bytes are no frames; nothing more is told. */
  broken(reason: Reason, what: string): void;
}

/** Cuts a stream of bytes into frames, however it comes in pieces. */
export class FrameReader {
  /** Nothing more is told, also of the chunk that is being read. */
  stopped = false;
  private readonly receiver: FrameReceiver;
  /** A frame that has not come whole, and how much of it has. Grows with what comes, not with what was said. */
  private gathered: Bytes | undefined;
  private held = 0;
  /** The text of the chunk that is being read. */
  private text = '';
  private textOf: Bytes | undefined;

  constructor(receiver: FrameReceiver) {
    this.receiver = receiver;
  }

  push(chunk: Bytes): void {
    staleClock();
    if (this.stopped) return;
    let at = 0;
    if (this.gathered !== undefined) {
      at = this.complete(chunk);
      if (at < 0) return;
    }
    const { receiver } = this;
    const { length } = chunk;
    while (!this.stopped && length - at >= 4) {
      const size = u32(chunk, at);
      const end = at + 4 + size;
      if (this.refused(size)) return;
      if (end > length) break;
      receiver.frame(chunk[at + 4] ?? 0, chunk[at + 5] ?? 0, i32(chunk, at + 6), chunk, at + headBytes, end);
      at = end;
    }
    this.forgetText();
    if (at < length && !this.stopped) this.hold(chunk, at);
  }

  /** A body as text. Of many short ones in a chunk the chunk is made text once, and each is a slice of it. */
  string(flags: number, bytes: Bytes, from: number, to: number): string {
    if ((flags & ASCII) === 0) return bytes.utf8Slice(from, to);
    if (to - from > 1024) return bytes.latin1Slice(from, to);
    if (this.textOf !== bytes) {
      this.textOf = bytes;
      this.text = bytes.latin1Slice(0, bytes.length);
    }
    return this.text.substring(from, to);
  }

  private refused(size: number): boolean {
    if (size >= headBytes - 4 && size <= maxFrame) return false;
    this.stopped = true;
    this.gathered = undefined;
    const reason = size > maxFrame ? 'tooLarge' : 'protocol';
    this.receiver.broken(reason, `a frame of ${size} bytes (must be ${headBytes - 4} to ${maxFrame})`);
    return true;
  }

  /** Takes what the begun frame lacks; where the chunk goes on, or -1. */
  private complete(chunk: Bytes): number {
    let at = 0;
    if (this.held < 4) {
      at = this.take(chunk, 0, 4);
      if (this.held < 4) return -1;
    }
    const size = u32(this.gathered ?? chunk, 0);
    if (this.refused(size)) return -1;
    at = this.take(chunk, at, 4 + size);
    if (this.held < 4 + size) return -1;
    const whole = (this.gathered ?? chunk).subarray(0, 4 + size) as Bytes;
    this.gathered = undefined;
    this.held = 0;
    this.receiver.frame(whole[4] ?? 0, whole[5] ?? 0, i32(whole, 6), whole, headBytes, 4 + size);
    this.forgetText();
    return at;
  }

  private hold(chunk: Bytes, at: number): void {
    this.held = 0;
    this.gathered = Buffer.allocUnsafeSlow(Math.max(64, chunk.length - at)) as Bytes;
    this.take(chunk, at, chunk.length - at);
  }

  /** Copies bytes until `wanted` are held. */
  private take(chunk: Bytes, at: number, wanted: number): number {
    let { gathered } = this;
    if (gathered === undefined) return at;
    const count = Math.min(chunk.length - at, wanted - this.held);
    const needed = this.held + count;
    if (needed > gathered.length) {
      const room = Math.min(Math.max(wanted, needed), Math.max(needed, 2 * gathered.length));
      const larger = Buffer.allocUnsafeSlow(room) as Bytes;
      gathered.copy(larger, 0, 0, this.held);
      gathered = this.gathered = larger;
    }
    chunk.copy(gathered, this.held, at, at + count);
    this.held = needed;
    return at + count;
  }

  private forgetText(): void {
    this.text = '';
    this.textOf = undefined;
  }
}
