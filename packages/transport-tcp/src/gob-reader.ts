import { MicroError } from '@micro/core';
import { GobCursor, malformed } from './gob-cursor.ts';
import { GobTypes } from './gob-types.ts';

/** Names and values, of all headers of a message. */
const maxHeaderBytes = 65_536;
const maxHeaders = 256;
const maxDefinition = 1024;
/** A length takes so many bytes at most. */
const maxPrefix = 9;
const empty = Buffer.alloc(0);

/**
 * Reads messages of go-micro's tcp transport out of chunks as they come: gob, of one type alone. Holds at most twice
 * what has come of one message.
 */
export class GobReader {
  private readonly maxBodyBytes: number;
  private readonly told: (header: ReadonlyMap<string, string>, body: Buffer) => void;
  private readonly types = new GobTypes();
  private held: Buffer = empty;
  private size = 0;

  constructor(maxBodyBytes: number, told: (header: ReadonlyMap<string, string>, body: Buffer) => void) {
    this.maxBodyBytes = maxBodyBytes;
    this.told = told;
  }

  /** Whether the middle of a message was reached. */
  get partial(): boolean {
    return this.size > 0;
  }

  /** Throws `bad_request` or `too_large` for what is no such message: nothing can be read of the connection any more. */
  push(chunk: Buffer): void {
    const bytes = this.size === 0 ? chunk : this.hold(chunk);
    let at = 0;
    for (let whole = this.message(bytes, at); whole > 0; whole = this.message(bytes, at)) at += whole;
    if (at === 0 && this.size > 0) return;
    // what was told of the bytes is not written to any more
    this.held = empty;
    this.size = 0;
    if (at < bytes.length) this.hold(bytes.subarray(at));
  }

  /** How many bytes the message there has; 0: it is not whole. */
  private message(bytes: Buffer, at: number): number {
    if (at === bytes.length) return 0;
    const prefix = prefixOf(bytes[at] ?? 0);
    if (prefix > maxPrefix) throw malformed('a length of more than 8 bytes');
    if (bytes.length - at < prefix) return 0;
    const length = new GobCursor(bytes, at, at + prefix).uint();
    const most = this.maxBodyBytes + maxHeaderBytes + maxDefinition;
    if (length > most)
      throw new MicroError('too_large', `gob: a message of ${length} bytes, ${most} are the limit`);
    const end = at + prefix + length;
    if (end > bytes.length) return 0;
    this.read(new GobCursor(bytes, at + prefix, end), length);
    return end - at;
  }

  private read(cursor: GobCursor, length: number): void {
    const type = cursor.int();
    if (type < 0) {
      if (length > maxDefinition) throw malformed(`a definition of ${length} bytes`);
      this.types.define(-type, cursor);
      return;
    }
    if (!this.types.isMessage(type)) throw malformed(`a value of type ${type}, which is no message`);
    let header: ReadonlyMap<string, string> = new Map();
    let body: Buffer = empty;
    let field = -1;
    for (let delta = cursor.uint(); delta > 0; delta = cursor.uint()) {
      field += delta;
      const name = this.types.fields[field];
      if (name === 'Header') header = readHeader(cursor);
      else if (name === 'Body') body = cursor.slice(this.maxBodyBytes);
      else throw malformed(`field ${field} of a message`);
    }
    if (cursor.left > 0) throw malformed('bytes behind a message');
    this.told(header, body);
  }

  /** Keeps bytes of a message that is not all here; grows by doubling. */
  private hold(chunk: Buffer): Buffer {
    const size = this.size + chunk.length;
    if (size > this.held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.held.length, 1024));
      this.held.copy(grown, 0, 0, this.size);
      this.held = grown;
    }
    chunk.copy(this.held, this.size);
    this.size = size;
    return this.held.subarray(0, size);
  }
}

function readHeader(cursor: GobCursor): ReadonlyMap<string, string> {
  const header = new Map<string, string>();
  const count = cursor.uint();
  if (count > maxHeaders)
    throw new MicroError('too_large', `gob: ${count} headers, ${maxHeaders} are the limit`);
  const before = cursor.left;
  for (let index = 0; index < count; index++) {
    const key = cursor.text(maxHeaderBytes);
    header.set(key, cursor.text(maxHeaderBytes));
    if (before - cursor.left > maxHeaderBytes)
      throw new MicroError('too_large', `gob: more than ${maxHeaderBytes} bytes of headers`);
  }
  return header;
}

function prefixOf(first: number): number {
  return first < 128 ? 1 : 257 - first;
}
