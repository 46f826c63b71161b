import protobuf from 'protobufjs/minimal.js';

/** Levels of messages in messages, as in Google's own parsers (https://protobuf.dev/programming-guides/proto-limits). */
export const mostLevels = 100;

/** What generated code writes with. Each method throws a `TypeError` or `RangeError` for a value that is not of its type. */
export interface Writer {
  /** The number and wire type of the field that comes next. */
  tag(tag: number): this;
  double(value: number): unknown;
  float(value: number): unknown;
  int32(value: number): unknown;
  uint32(value: number): unknown;
  sint32(value: number): unknown;
  fixed32(value: number): unknown;
  sfixed32(value: number): unknown;
  bool(value: boolean): unknown;
  string(value: string): unknown;
  bytes(value: Uint8Array): unknown;
  bigInt64(value: bigint): void;
  bigUint64(value: bigint): void;
  bigSint64(value: bigint): void;
  bigFixed64(value: bigint): void;
  bigSfixed64(value: bigint): void;
  /** Packed numbers, all at once. */
  int32s(values: readonly number[]): unknown;
  uint32s(values: readonly number[]): unknown;
  sint32s(values: readonly number[]): unknown;
  fixed32s(values: readonly number[]): unknown;
  sfixed32s(values: readonly number[]): unknown;
  doubles(values: readonly number[]): unknown;
  floats(values: readonly number[]): unknown;
  bools(values: readonly boolean[]): unknown;
  /** Begins packed numbers of the other types; `end` ends them. */
  packed(tag: number): void;
  /** Begins a message inside this one, after looking that it is one; `end` ends it. */
  message(tag: number, message: object): void;
  /** Begins an entry of a map; `end` ends it. */
  entry(tag: number): void;
  end(): void;
  /** Fields that were read without being known, as they came. */
  unknown(fields: readonly Uint8Array[] | undefined): void;
}

// A writer is used again and again
const keptBytes = 65_536;
const firstBytes = 128;

const scratch = new Uint8Array(10);

/** protobufjs' writer, which takes any value and writes something; here wrong values throw. */
export class MessageWriter extends protobuf.BufferWriter implements Writer {
  private level = 0;

  /** Begins anew, with the memory of before unless that has grown large. */
  clear(): void {
    if (this.buf.length > keptBytes) this.buf = Buffer.allocUnsafe(firstBytes);
    this.pos = 0;
    this.view = null;
    this.level = 0;
    if (this.states !== null) this.states.length = 0;
  }

  tag(tag: number): this {
    super.uint32(tag);
    return this;
  }

  override double(value: number): this {
    if (typeof value !== 'number') throw wrong('number', value);
    super.double(value);
    return this;
  }

  override float(value: number): this {
    if (typeof value !== 'number') throw wrong('number', value);
    super.float(value);
    return this;
  }

  override int32(value: number): this {
    if ((value | 0) !== value) throw wrong('int32', value);
    super.int32(value);
    return this;
  }

  override uint32(value: number): this {
    if (value >>> 0 !== value) throw wrong('uint32', value);
    super.uint32(value);
    return this;
  }

  override sint32(value: number): this {
    if ((value | 0) !== value) throw wrong('sint32', value);
    super.uint32(((value << 1) ^ (value >> 31)) >>> 0);
    return this;
  }

  override fixed32(value: number): this {
    if (value >>> 0 !== value) throw wrong('fixed32', value);
    super.fixed32(value);
    return this;
  }

  override sfixed32(value: number): this {
    if ((value | 0) !== value) throw wrong('sfixed32', value);
    super.sfixed32(value);
    return this;
  }

  override bool(value: boolean): this {
    if (typeof value !== 'boolean') throw wrong('boolean', value);
    super.bool(value);
    return this;
  }

  override string(value: string): this {
    if (typeof value !== 'string') throw wrong('string', value);
    super.string(value);
    return this;
  }

  override bytes(value: Uint8Array): this {
    if (!(value instanceof Uint8Array)) throw wrong('Uint8Array', value);
    super.bytes(value);
    return this;
  }

  bigInt64(value: bigint): void {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) throw wrong('int64', value);
    this.varint64(value);
  }

  bigUint64(value: bigint): void {
    if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value) throw wrong('uint64', value);
    this.varint64(value);
  }

  bigSint64(value: bigint): void {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) throw wrong('sint64', value);
    this.varint64(value < 0n ? -2n * value - 1n : 2n * value);
  }

  bigFixed64(value: bigint): void {
    if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value) throw wrong('fixed64', value);
    super.fixed32(Number(value & 0xffff_ffffn)).fixed32(Number(value >> 32n));
  }

  bigSfixed64(value: bigint): void {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) throw wrong('sfixed64', value);
    super.fixed32(Number(value & 0xffff_ffffn)).fixed32(Number((value >> 32n) & 0xffff_ffffn));
  }

  override int32s(values: readonly number[]): this {
    for (const value of values) if ((value | 0) !== value) throw wrong('int32', value);
    super.int32s(values as number[]); // which only reads them
    return this;
  }

  override uint32s(values: readonly number[]): this {
    for (const value of values) if (value >>> 0 !== value) throw wrong('uint32', value);
    super.uint32s(values as number[]); // which only reads them
    return this;
  }

  override sint32s(values: readonly number[]): this {
    for (const value of values) if ((value | 0) !== value) throw wrong('sint32', value);
    super.sint32s(values as number[]); // which only reads them
    return this;
  }

  override fixed32s(values: readonly number[]): this {
    for (const value of values) if (value >>> 0 !== value) throw wrong('fixed32', value);
    super.fixed32s(values as number[]); // which only reads them
    return this;
  }

  override sfixed32s(values: readonly number[]): this {
    for (const value of values) if ((value | 0) !== value) throw wrong('sfixed32', value);
    super.sfixed32s(values as number[]); // which only reads them
    return this;
  }

  override doubles(values: readonly number[]): this {
    for (const value of values) if (typeof value !== 'number') throw wrong('number', value);
    super.doubles(values as number[]); // which only reads them
    return this;
  }

  override floats(values: readonly number[]): this {
    for (const value of values) if (typeof value !== 'number') throw wrong('number', value);
    super.floats(values as number[]); // which only reads them
    return this;
  }

  override bools(values: readonly boolean[]): this {
    for (const value of values) if (typeof value !== 'boolean') throw wrong('boolean', value);
    super.bools(values as boolean[]); // which only reads them
    return this;
  }

  packed(tag: number): void {
    this.level++;
    super.uint32(tag).fork();
  }

  message(tag: number, message: object): void {
    if (typeof message !== 'object' || message === null) throw wrong('message', message);
    if (++this.level > mostLevels) throw new RangeError(`messages nest deeper than ${mostLevels} levels`);
    super.uint32(tag).fork();
  }

  entry(tag: number): void {
    this.level++;
    super.uint32(tag).fork();
  }

  end(): void {
    this.level--;
    super.ldelim();
  }

  unknown(fields: readonly Uint8Array[] | undefined): void {
    if (fields !== undefined) for (const field of fields) super.raw(field);
  }

  private varint64(value: bigint): void {
    if (value >= 0n && value <= 0xffff_ffffn) {
      super.uint32(Number(value));
      return;
    }
    let low = Number(value & 0xffff_ffffn);
    let high = Number((value >> 32n) & 0xffff_ffffn);
    let length = 0;
    while (high !== 0 || low > 0x7f) {
      scratch[length++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    scratch[length++] = low;
    super.raw(scratch.subarray(0, length));
  }
}

function wrong(type: string, value: unknown): TypeError {
  const text = typeof value === 'object' || typeof value === 'function' ? typeof value : String(value);
  return new TypeError(`${text} is no ${type}`);
}
