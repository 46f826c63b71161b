import { MicroError } from '@micro/core';

/** No number that counts bytes, pairs or fields is larger, and no type has a larger id. */
const most = 0x7fffffff;

export function malformed(what: string): MicroError {
  return new MicroError('bad_request', `gob: ${what}`);
}

/** Reads the primitives of encoding/gob (go.dev/pkg/encoding/gob, "Encoding Details") out of one message. */
export class GobCursor {
  private readonly bytes: Buffer;
  private at: number;
  private readonly end: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Below 128 the byte itself; else how many bytes follow, as a negative number, and those. */
  uint(): number {
    const first = this.byte();
    if (first < 128) return first;
    const count = 256 - first;
    if (count > 8) throw malformed(`a number of ${count} bytes`);
    let value = 0;
    for (let index = 0; index < count; index++) value = value * 256 + this.byte();
    if (value > most) throw malformed('a number beyond all limits');
    return value;
  }

  /** The lowest bit says that the others are to be inverted. */
  int(): number {
    const value = this.uint();
    return value % 2 === 1 ? -1 - (value - 1) / 2 : value / 2;
  }

  text(maxBytes: number): string {
    const size = this.size(maxBytes);
    this.at += size;
    return this.bytes.toString('utf8', this.at - size, this.at);
  }

  slice(maxBytes: number): Buffer {
    const size = this.size(maxBytes);
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  private size(maxBytes: number): number {
    const size = this.uint();
    if (size > this.left) throw malformed(`a text of ${size} bytes, where ${this.left} are left`);
    if (size > maxBytes) throw new MicroError('too_large', `gob: ${size} bytes, ${maxBytes} are the limit`);
    return size;
  }

  private byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined || this.at >= this.end) throw malformed('a message that ends too early');
    this.at++;
    return byte;
  }
}
