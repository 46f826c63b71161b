import protobuf from 'protobufjs/minimal.js';
import { mostLevels } from './writer.ts';

/** What generated code reads with. Every method throws for bytes that are not there, or not of its type. */
export interface Reader {
  readonly pos: number;
  /** Where the message that is being read ends. */
  readonly len: number;
  /** The number and wire type of the next field. */
  tag(): number;
  double(): number;
  float(): number;
  int32(): number;
  uint32(): number;
  sint32(): number;
  fixed32(): number;
  sfixed32(): number;
  bool(): boolean;
  /** Text that is not UTF-8 is refused (https://protobuf.dev/programming-guides/proto3/#scalar), not mended. */
  stringVerify(): string;
  bytes(): Uint8Array;
  bigInt64(): bigint;
  bigUint64(): bigint;
  bigSint64(): bigint;
  bigFixed64(): bigint;
  bigSfixed64(): bigint;
  /** Enters a message, an entry of a map or packed numbers; gives what `leave` needs. */
  enter(): number;
  leave(outer: number): void;
  /** Skips a field that is not known; gives it where unknown fields are kept. */
  skipField(tag: number): Uint8Array | undefined;
}

const nothing = Buffer.alloc(0);

/** A tag as short as can be. */
function tagBytes(tag: number): readonly number[] {
  const bytes: number[] = [];
  let rest = tag;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

/** protobufjs' reader, with bounded nesting, strict text, plain `Uint8Array`s and bigints. */
export class MessageReader extends protobuf.BufferReader implements Reader {
  private level = 0;
  private high = 0;
  private keep = true;

  constructor() {
    super(nothing);
  }

  /** Begins with a body. */
  open(body: Uint8Array, keep: boolean): this {
    this.buf = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.pos = 0;
    this.len = body.length;
    this.level = 0;
    this.keep = keep;
    return this;
  }

  /** Lets go of the body. */
  close(): void {
    this.buf = nothing;
    this.view = null;
  }

  override bytes(): Uint8Array {
    const { buffer, byteOffset, byteLength } = super.bytes();
    return new Uint8Array(buffer, byteOffset, byteLength);
  }

  bigInt64(): bigint {
    const low = this.varint64();
    const { high } = this;
    return high === 0 ? BigInt(low) : BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  }

  bigUint64(): bigint {
    const low = this.varint64();
    return this.high === 0 ? BigInt(low) : (BigInt(this.high) << 32n) | BigInt(low);
  }

  bigSint64(): bigint {
    const value = this.bigUint64();
    return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n;
  }

  bigFixed64(): bigint {
    const low = super.fixed32();
    const high = super.fixed32();
    return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
  }

  bigSfixed64(): bigint {
    return BigInt.asIntN(64, this.bigFixed64());
  }

  enter(): number {
    const outer = this.len;
    const end = super.size() + this.pos;
    if (end > outer)
      throw new RangeError(`${end - this.pos} bytes are announced and ${outer - this.pos} left`);
    if (++this.level > mostLevels) throw new RangeError(`messages nest deeper than ${mostLevels} levels`);
    this.len = end;
    return outer;
  }

  leave(outer: number): void {
    if (this.pos !== this.len) throw new RangeError('a field is longer than the message that it is in');
    this.level--;
    this.len = outer;
  }

  skipField(tag: number): Uint8Array | undefined {
    const { pos, buf } = this;
    super.skipType(tag & 7, this.level, tag >>> 3);
    if (!this.keep) return undefined;
    // The tag stands before; not if it was written longer than it need be
    const head = tagBytes(tag);
    const start = pos - head.length;
    if (start >= 0 && head.every((byte, at) => buf[start + at] === byte))
      return new Uint8Array(buf.buffer, buf.byteOffset + start, this.pos - start);
    return Uint8Array.from([...head, ...buf.subarray(pos, this.pos)]);
  }

  /** The low half of a varint; the high one is left in `high`. Bits past the 64th are dropped, as everywhere. */
  private varint64(): number {
    const { buf, len } = this;
    let { pos } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (pos >= len) throw new RangeError('a number is cut off');
      const byte = buf[pos++] ?? 0;
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x7f) << 28;
        high = (byte & 0x7f) >> 4;
      } else if (shift < 63) high |= (byte & 0x7f) << (shift - 32);
      else high |= (byte & 1) << 31;
      if (byte < 0x80) {
        this.pos = pos;
        this.high = high >>> 0;
        return low >>> 0;
      }
    }
    throw new RangeError('a number has more than ten bytes');
  }
}
