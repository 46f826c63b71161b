import type { Socket } from 'node:net';
import type { Body } from '@micro/core';
import { staleClock } from '@micro/core/plugin';
import { type Bytes, putU16, putU32 } from './bytes.ts';
import { type CutTuner, cutTuner } from './cut-tuner.ts';
import { ASCII, callBytes, headBytes, METADATA } from './layout.ts';
import { giveSlab, takeSlab } from './slabs.ts';

/** Gathers the frames of a tick in one slab, and sends it at the tick's end, or earlier when it has grown long. */
export class FrameWriter {
  /** Bytes that the kernel has not taken, as of the last write or drain. */
  queued = 0;
  /** The owner counts the calls that it sends here, ... */
  sent = 0;
  /** ... and this is how far the socket has been given them. */
  flushed = 0;
  private readonly socket: Socket;
  private readonly firstCut: number;
  /** TLS may read a slab later. */
  private readonly copies: boolean;
  private slab: Bytes | undefined;
  private at = 0;
  private cut: number;
  private scheduled = false;
  private readonly tuner: CutTuner;
  /** Of this tick. */
  private frames = 0;
  private readonly tick = (): void => {
    this.scheduled = false;
    const { firstCut, tuner } = this;
    const wasCut = this.cut > firstCut && this.cut !== Number.POSITIVE_INFINITY;
    const long = wasCut || this.at >= firstCut;
    this.flush();
    if (firstCut === Number.POSITIVE_INFINITY) return;
    tuner.sent(this.frames, long, performance.now());
    this.frames = 0;
    this.cut = tuner.cuts ? firstCut : Number.POSITIVE_INFINITY;
  };

  constructor(socket: Socket, firstCut: number, tuner: CutTuner = cutTuner) {
    this.tuner = tuner;
    this.socket = socket;
    this.firstCut = this.cut = firstCut === 0 ? Number.POSITIVE_INFINITY : firstCut;
    this.copies = 'encrypted' in socket;
  }

  /** A frame without anything before its body; returns the length of the body in bytes. */
  put(type: number, flags: number, id: number, body: Body): number {
    let room = roomFor(body);
    for (;;) {
      const slab = this.reserve(headBytes + room);
      const { at } = this;
      const from = at + headBytes;
      const end = from + writeBody(slab, from, body);
      if (end >= from) {
        this.finish(slab, at, end, type, asciiFlag(flags, body, end - from), id);
        return end - from;
      }
      room = exactRoom(body);
    }
  }

  /** A frame with a call's head. `target`: where `ref` is 0. */
  putCall(
    type: number,
    id: number,
    ref: number,
    ms: number,
    target: string,
    metadata: string,
    body: Body,
  ): void {
    const flags = metadata === '' ? 0 : METADATA;
    const before = headBytes + roomForHead(target, metadata);
    let room = roomFor(body);
    for (;;) {
      const slab = this.reserve(before + room);
      const { at } = this;
      const from = writeHead(slab, at + headBytes, ref, ms, target, metadata);
      const end = from + writeBody(slab, from, body);
      if (end >= from) {
        this.finish(slab, at, end, type, asciiFlag(flags, body, end - from), id);
        return;
      }
      room = exactRoom(body);
    }
  }

  /** A frame whose body is sent as it is, without a copy. `head`: what stands before the body. */
  putLarge(type: number, flags: number, id: number, head: Uint8Array | undefined, body: Uint8Array): void {
    const size = head === undefined ? 0 : head.byteLength;
    const slab = this.reserve(headBytes + size);
    const { at } = this;
    if (head !== undefined) slab.set(head, at + headBytes);
    putHead(slab, at, headBytes - 4 + size + body.byteLength, type, flags, id);
    this.at = at + headBytes + size;
    this.socket.cork();
    this.flush();
    this.send(body);
    this.socket.uncork();
    this.queued = this.socket.writableLength;
  }

  /** Sends what is there now. */
  flush(): void {
    const { slab, at, socket } = this;
    staleClock();
    if (slab === undefined) return;
    this.slab = undefined;
    this.at = 0;
    if (socket.writable) {
      this.flushed = this.sent;
      this.send(this.copies ? Buffer.copyBytesFrom(slab, 0, at) : slab.subarray(0, at));
    }
    // zero: the kernel has all of it, so the slab is free again
    if (this.copies || socket.writableLength === 0) giveSlab(slab);
  }

  private send(bytes: Uint8Array): void {
    this.socket.write(bytes);
    this.queued = this.socket.writableLength;
  }

  private reserve(need: number): Bytes {
    if (this.slab !== undefined && this.at + need > this.slab.length) this.flush();
    this.slab ??= takeSlab(need);
    if (!this.scheduled) {
      this.scheduled = true;
      process.nextTick(this.tick);
    }
    return this.slab;
  }

  private finish(slab: Bytes, at: number, end: number, type: number, flags: number, id: number): void {
    putHead(slab, at, end - at - 4, type, flags, id);
    this.at = end;
    this.frames++;
    if (end < this.cut) return;
    this.flush();
    this.cut *= 2;
  }
}

/** What stands before the body of a call or of an opened stream, in bytes of its own. */
export function callHead(ref: number, ms: number, target: string, metadata: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(roomForHead(target, metadata)) as Bytes;
  return bytes.subarray(0, writeHead(bytes, 0, ref, ms, target, metadata));
}

function putHead(slab: Bytes, at: number, size: number, type: number, flags: number, id: number): void {
  putU32(slab, at, size);
  slab[at + 4] = type;
  slab[at + 5] = flags;
  putU32(slab, at + 6, id);
}

const byHand = 48;
const short = 1024;
/** A text may be cut by the end of its slab in front of a character of at most four bytes. */
const spare = 4;

/** Long text is tried as if it were ASCII, which it mostly is. */
function roomFor(body: Body): number {
  if (typeof body !== 'string') return body.byteLength;
  return body.length <= short ? body.length * 3 + spare : body.length + spare;
}

function exactRoom(body: Body): number {
  return Buffer.byteLength(body) + spare;
}

function asciiFlag(flags: number, body: Body, bytes: number): number {
  return typeof body === 'string' && bytes === body.length ? flags | ASCII : flags;
}

/** The number of bytes written, or a negative number when there may not have been room for all. */
function writeBody(slab: Bytes, at: number, body: Body): number {
  if (typeof body !== 'string') {
    slab.set(body, at);
    return body.byteLength;
  }
  const { length } = body;
  if (length < byHand) {
    let done = 0;
    for (; done < length; done++) {
      const code = body.charCodeAt(done);
      if (code > 127) break;
      slab[at + done] = code;
    }
    if (done === length) return length;
  }
  const bytes = slab.utf8Write(body, at);
  return bytes > slab.length - at - spare ? -1 : bytes;
}

function roomForHead(target: string, metadata: string): number {
  return callBytes + 4 + 3 * (metadata.length + target.length);
}

function writeHead(
  slab: Bytes,
  at: number,
  ref: number,
  ms: number,
  target: string,
  metadata: string,
): number {
  putU16(slab, at, ref);
  putU32(slab, at + 2, ms);
  let end = at + callBytes;
  if (ref === 0) end = writeBlock(slab, end, target);
  return metadata === '' ? end : writeBlock(slab, end, metadata);
}

function writeBlock(slab: Bytes, at: number, text: string): number {
  const bytes = slab.utf8Write(text, at + 2);
  putU16(slab, at, bytes);
  return at + 2 + bytes;
}
