import type { ReplyMetadata } from '@micro/core';
import type { Bytes } from './bytes.ts';
import { maxPartial } from './layout.ts';

/** A body that comes in parts. */
export interface Partial {
  /** Type and flags of the frame that it began with. */
  readonly type: number;
  readonly flags: number;
  /** What stood before it, of an answer. */
  readonly said: ReplyMetadata | undefined;
  bytes: Bytes;
  size: number;
}

/** Puts bodies together. Memory grows with what has come: nobody says beforehand how much it will be. */
export class BodiesIn {
  private readonly partials = new Map<number, Partial>();
  private readonly maxBytes: number;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** False: too many at once, or one of that id already. */
  begin(id: number, type: number, flags: number, said?: ReplyMetadata): boolean {
    if (this.partials.size >= maxPartial || this.partials.has(id)) return false;
    this.partials.set(id, { type, flags, said, bytes: none, size: 0 });
    return true;
  }

  has(id: number): boolean {
    return this.partials.has(id);
  }

  /** False: the body is over the limit. */
  add(id: number, bytes: Bytes, from: number, to: number): boolean {
    const partial = this.partials.get(id);
    if (partial === undefined) return true;
    const size = partial.size + to - from;
    if (size > this.maxBytes) return false;
    if (size > partial.bytes.length) {
      const room = Math.min(this.maxBytes, Math.max(size, 2 * partial.bytes.length, 131_072));
      const larger = Buffer.allocUnsafeSlow(room) as Bytes;
      partial.bytes.copy(larger, 0, 0, partial.size);
      partial.bytes = larger;
    }
    bytes.copy(partial.bytes, partial.size, from, to);
    partial.size = size;
    return true;
  }

  /** The body is whole, or nobody wants it any more. */
  take(id: number): Partial | undefined {
    const partial = this.partials.get(id);
    this.partials.delete(id);
    return partial;
  }

  clear(): void {
    this.partials.clear();
  }
}

const none = Buffer.alloc(0) as Bytes;
