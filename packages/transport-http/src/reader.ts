import { Head, type HeadLimits, type HeadParser, type Refusal } from './head.ts';

/** Who gets what a reader reads. */
export interface MessageTarget {
  /** The body is those bytes of the buffer, which nobody writes to any more. `more`: bytes follow already. */
  message(head: Head, buffer: Buffer, from: number, to: number, more: boolean): void;
  /** The sender waits to be told to send the body. */
  expected(): void;
  /** The reader has stopped. */
  refused(refusal: Refusal): void;
}

export interface ReaderLimits extends HeadLimits {
  readonly maxHeaderBytes: number;
}

const blankLine = Buffer.from('\r\n\r\n');
const empty = Buffer.alloc(0);
const inHead = 0;
const inBody = 1;
const inChunkSize = 2;
const inChunk = 3;
const afterChunk = 4;
const stopped = 5;

/**
 * Reads HTTP/1.1 messages out of chunks as they come. Looks at each byte a fixed number of times, however the
 * bytes are cut, and holds at most twice what has come of one message. What lies in one chunk is not copied.
 */
export class MessageReader {
  /** While a message is told: what has come behind it. */
  rest: Buffer = empty;
  private readonly target: MessageTarget;
  private readonly parser: HeadParser;
  private readonly limits: ReaderLimits;
  private readonly start: Buffer;
  private state = inHead;
  private held = empty;
  private size = 0;
  private need = 0;
  private head = new Head();
  /** Of the line of a chunk's size: digits seen, 9 after CR. */
  private digits = 0;
  /** How much of CR LF behind a chunk was seen. */
  private ends = 0;
  private last = false;

  /** `start`: what each message begins with, and nobody needs to wait for the rest of what does not. */
  constructor(target: MessageTarget, parser: HeadParser, limits: ReaderLimits, start: Buffer = empty) {
    this.start = start;
    this.target = target;
    this.parser = parser;
    this.limits = limits;
  }

  /** Whether the middle of a message was reached. */
  get partial(): 'no' | 'head' | 'body' {
    if (this.state === inHead) return this.size > 0 ? 'head' : 'no';
    return this.state === stopped ? 'no' : 'body';
  }

  /** Reads no more; may be called by the target. */
  stop(): void {
    this.state = stopped;
    this.release();
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.state !== stopped) {
      if (this.state === inHead) at = this.readHead(chunk, at);
      else if (this.state === inBody) at = this.readBody(chunk, at);
      else if (this.state === inChunk) at = this.readChunk(chunk, at);
      else at = this.readLine(chunk, at);
    }
  }

  private readHead(chunk: Buffer, at: number): number {
    const max = this.limits.maxHeaderBytes;
    if (this.size === 0) {
      const end = chunk.indexOf(blankLine, at);
      const length = (end < 0 ? chunk.length : end) - at;
      if (length > max) return this.refuse('header too large', 431);
      if (end >= 0) return this.begin(chunk.toString('latin1', at, end), chunk, end + 4);
      if (this.isForeign(chunk, at)) return this.refuse('not HTTP');
      return this.hold(chunk, at, chunk.length, max + 4);
    }
    const before = this.size;
    const next = this.hold(chunk, at, Math.min(chunk.length, at + max + 4 - before), max + 4);
    if (before < this.start.length && this.isForeign(this.held.subarray(0, this.size), 0))
      return this.refuse('not HTTP');
    const from = Math.max(0, before - 3);
    const found = this.held.subarray(from, this.size).indexOf(blankLine);
    if (found < 0) return this.size >= max + 4 ? this.refuse('header too large', 431) : next;
    const text = this.held.toString('latin1', 0, from + found);
    this.release();
    return this.begin(text, chunk, at + from + found + 4 - before);
  }

  private isForeign(bytes: Buffer, from: number): boolean {
    const length = Math.min(this.start.length, bytes.length - from);
    return this.start.compare(bytes, from, from + length, 0, length) !== 0;
  }

  private begin(text: string, chunk: Buffer, at: number): number {
    const head = this.parser.parse(text);
    if (!(head instanceof Head)) return this.refuse(head.reason, head.status);
    this.head = head;
    this.need = head.length;
    this.state = head.chunked ? inChunkSize : inBody;
    this.digits = 0;
    if (head.expects && (head.chunked || head.length > 0) && at === chunk.length) this.target.expected();
    if (this.state === inBody && chunk.length - at >= this.need) return this.readBody(chunk, at);
    return at;
  }

  private readBody(chunk: Buffer, at: number): number {
    const end = at + this.need - this.size;
    if (end > chunk.length) return this.hold(chunk, at, chunk.length, this.need);
    if (this.size === 0) return this.deliver(chunk, at, end, end, chunk);
    this.hold(chunk, at, end, this.need);
    return this.deliver(this.held, 0, this.size, end, chunk);
  }

  private readChunk(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.need);
    this.need -= end - at;
    if (this.need === 0) this.state = afterChunk;
    return this.hold(chunk, at, end, this.limits.maxBodyBytes);
  }

  /** Reads a byte of the line with a chunk's size, or of the line's end behind a chunk. */
  private readLine(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    const next = at + 1;
    if (this.state === afterChunk) {
      if (byte !== (this.ends === 0 ? 13 : 10)) return this.refuse(this.last ? 'trailer' : 'end of a chunk');
      this.ends ^= 1;
      if (this.ends === 1) return next;
      if (this.last) return this.deliver(this.held, 0, this.size, next, chunk);
      this.state = inChunkSize;
      this.digits = 0;
      return next;
    }
    if (byte === 10 && this.digits === 9) {
      this.last = this.need === 0;
      this.state = this.last ? afterChunk : inChunk;
      if (this.size + this.need > this.limits.maxBodyBytes) return this.refuse('body too large', 413);
      return next;
    }
    if (byte === 13 && this.digits > 0 && this.digits < 9) {
      this.digits = 9;
      return next;
    }
    const digit = hexDigit(byte);
    if (digit < 0 || this.digits >= 8) return this.refuse('size of a chunk');
    this.need = (this.digits++ === 0 ? 0 : this.need * 16) + digit;
    return next;
  }

  private deliver(buffer: Buffer, from: number, to: number, next: number, chunk: Buffer): number {
    const { head } = this;
    this.state = inHead;
    this.release();
    const more = next < chunk.length;
    this.rest = more ? chunk.subarray(next) : empty;
    this.target.message(head, buffer, from, to, more);
    this.rest = empty;
    return next;
  }

  /** Keeps bytes of a message that is not all here. Grows by doubling, so that every byte is moved rarely. */
  private hold(chunk: Buffer, from: number, to: number, most: number): number {
    const size = this.size + to - from;
    if (size > this.held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(most, Math.max(size, 2 * this.held.length, 1024)));
      this.held.copy(grown, 0, 0, this.size);
      this.held = grown;
    }
    chunk.copy(this.held, this.size, from, to);
    this.size = size;
    return to;
  }

  private release(): void {
    this.held = empty;
    this.size = 0;
  }

  private refuse(reason: string, status: Refusal['status'] = 400): number {
    this.stop();
    this.target.refused({ status, reason });
    return 0;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
