import type { Socket } from 'node:net';
import { type Body, MicroError, type ReplyMetadata, report } from '@micro/core';
import { BodiesIn, type Partial } from './bodies-in.ts';
import { BodiesOut } from './bodies-out.ts';
import { type Bytes, putU32, u32 } from './bytes.ts';
import { decodeGreeting, encodeGreeting, type Greeting } from './greeting.ts';
import {
  ASCII,
  answersAll,
  CREDIT,
  GOAWAY,
  HELLO,
  knownFlags,
  MORE,
  maxInline,
  PART,
  PING,
  PONG,
  preface,
  type Reason,
  reasons,
} from './layout.ts';
import type { Limits } from './limits.ts';
import { Liveness } from './liveness.ts';
import { Rate } from './rate.ts';
import { FrameReader, type FrameReceiver } from './reader.ts';
import type { Sweep } from './sweep.ts';
import { FrameWriter } from './writer.ts';

const congestedBytes = 1_048_576;
const creditBody = Buffer.alloc(4);

/** A connection, from either side: greeting, pings, time limits, bodies in parts, and how it ends. */
export abstract class Session implements FrameReceiver {
  readonly socket: Socket;
  readonly limits: Limits;
  readonly writer: FrameWriter;
  readonly bodiesOut: BodiesOut;
  /** Nothing more is taken or sent; what was written leaves. */
  ending = false;
  /** A text up to so many characters, or so many bytes, is sent at once and without a look at its size. */
  inlineMost = 0;
  protected readonly reader: FrameReader;
  protected readonly bodiesIn: BodiesIn;
  protected greeting: Greeting | undefined;
  protected error: Error | undefined;
  /** Calls and streams that were taken from the peer, modulo 2^32. */
  protected taken = 0;
  private readonly pings: Rate;
  private readonly liveness: Liveness;
  private prefaced = 0;
  private silenced = false;

  constructor(socket: Socket, limits: Limits, sweep: Sweep) {
    this.socket = socket;
    this.limits = limits;
    this.writer = new FrameWriter(socket, limits.firstCutBytes);
    this.bodiesOut = new BodiesOut(socket, this.writer);
    this.bodiesIn = new BodiesIn(limits.maxBodyBytes);
    this.reader = new FrameReader(this);
    this.pings = new Rate(limits.maxPings);
    this.liveness = new Liveness(this, sweep);
    socket.on('data', (chunk: Buffer) => this.receive(chunk as Bytes));
    socket.on('drain', () => {
      this.writer.queued = socket.writableLength;
      this.bodiesOut.drained();
      this.drained();
    });
    socket.on('error', (error) => {
      this.error ??= error;
    });
    socket.on('close', () => {
      sweep.remove(this);
      this.reader.stopped = true;
      this.ending = true;
      this.lost();
      this.bodiesOut.clear();
      this.bodiesIn.clear();
    });
    sweep.add(this);
  }

  /** Whether the peer has greeted. */
  get greeted(): boolean {
    return this.greeting !== undefined;
  }

  /** So much is written and not taken that streams wait. */
  get congested(): boolean {
    return this.writer.queued > congestedBytes || this.ending;
  }

  /** The length of a body in bytes. Throws `too_large` when one of the sides does not want so much. */
  sizeOf(body: Body): number {
    const most = Math.min(this.limits.maxBodyBytes, this.greeting?.maxBodyBytes ?? 0);
    const size = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    if (size <= most) return size;
    throw new MicroError('too_large', `a body of ${size} bytes, ${most} are the limit (maxBodyBytes)`);
  }

  /** Whether the peer reads the metadata of answers; where it does not, that is reported once. */
  get tells(): boolean {
    const { greeting } = this;
    if (greeting?.replyMetadata === 1) return true;
    if (!this.silenced) report('plugin.warning', `${this.peerText} reads no reply metadata`);
    this.silenced = true;
    return false;
  }

  /** The reader of a stream has read so much. */
  credit(id: number, bytes: number): void {
    putU32(creditBody, 0, bytes);
    this.writer.put(CREDIT, 0, id, creditBody);
  }

  abstract frame(type: number, flags: number, id: number, bytes: Bytes, from: number, to: number): void;
  /** The peer has greeted. */
  protected abstract begin(greeting: Greeting): void;
  /** A body that came in parts is whole. */
  protected abstract whole(id: number, partial: Partial): void;
  /** A GOAWAY of the peer. `count`: how many of our calls and streams it has taken. */
  protected abstract leaving(reason: number, count: number, text: string): void;
  /** The socket has taken what was written. */
  protected abstract drained(): void;
  /** The connection is gone. */
  protected abstract lost(): void;

  /** Our preface and greeting. */
  protected greet(service: string): void {
    this.socket.write(preface);
    this.writer.put(HELLO, 0, 0, encodeGreeting(this.limits, service));
  }

  receive(chunk: Bytes): void {
    this.liveness.heard();
    if (this.prefaced === preface.length) {
      this.reader.push(chunk);
      return;
    }
    if (this.reader.stopped) return;
    const from = this.prefaced;
    const to = Math.min(chunk.length, preface.length - from);
    for (let at = 0; at < to; at++) {
      if (chunk[at] === preface[from + at]) continue;
      const versions = from + at === preface.length - 1;
      this.broken(
        versions ? 'version' : 'protocol',
        versions
          ? `version ${chunk[at]} of the protocol, and ${preface[preface.length - 1]} is what we speak`
          : describeStart(chunk),
      );
      return;
    }
    this.prefaced = from + to;
    if (to < chunk.length) this.reader.push(chunk.subarray(to) as Bytes);
  }

  /** Frames that are the same on both sides. */
  protected control(type: number, flags: number, id: number, bytes: Bytes, from: number, to: number): void {
    if ((flags & ~knownFlags) !== 0) this.broken('protocol', `unknown flags ${flags} of a frame`);
    else if (this.greeting === undefined) {
      const greeting = type === HELLO ? decodeGreeting(bytes, from, to) : undefined;
      if (greeting === undefined) {
        this.broken('protocol', `a frame of type ${type} in the place of a greeting`);
        return;
      }
      this.greeting = greeting;
      const most = Math.min(this.limits.maxBodyBytes, greeting.maxBodyBytes);
      this.inlineMost = Math.min(maxInline, Math.floor(most / 3));
      this.begin(greeting);
    } else if (type === PART) this.part(flags, id, bytes, from, to);
    else if (type === PING) {
      if (this.pings.exceeded()) this.broken('flood', `more than ${this.limits.maxPings} pings a second`);
      else this.writer.put(PONG, 0, id, '');
    } else if (type === PONG) {
      // what counts is that something came
    } else if (type === GOAWAY && to - from >= 5) {
      this.leaving(
        bytes[from] ?? 0,
        u32(bytes, from + 1),
        bytes.toString('utf8', from + 5, Math.min(to, from + 1024)),
      );
    } else this.broken('protocol', `a frame of type ${type} with ${to - from} bytes, which makes no sense`);
  }

  /** The first frame of a body in parts. False: the connection is broken. */
  beginParts(
    type: number,
    flags: number,
    id: number,
    bytes: Bytes,
    at: number,
    to: number,
    said?: ReplyMetadata,
  ): boolean {
    if (!this.bodiesIn.begin(id, type, flags, said)) {
      this.broken('protocol', 'too many bodies in parts at once');
      return false;
    }
    if (this.bodiesIn.add(id, bytes, at, to)) return true;
    this.refuseBody();
    return false;
  }

  /** Whether a body is larger than we said that we take: then the connection is broken. */
  oversized(size: number): boolean {
    if (size <= this.limits.maxBodyBytes) return false;
    this.refuseBody();
    return true;
  }

  private refuseBody(): void {
    this.broken('tooLarge', `a body of more than ${this.limits.maxBodyBytes} bytes (maxBodyBytes)`);
  }

  /** Whether the body of that id is on its way. */
  hasBody(id: number): boolean {
    return this.bodiesIn.has(id);
  }

  /** Nobody wants the rest of a body that comes. */
  dropBody(id: number): void {
    this.bodiesIn.take(id);
  }

  private part(flags: number, id: number, bytes: Bytes, from: number, to: number): void {
    if (!this.bodiesIn.has(id)) return; // of what was cancelled or ended meanwhile
    if (!this.bodiesIn.add(id, bytes, from, to)) {
      this.refuseBody();
      return;
    }
    if ((flags & MORE) !== 0) return;
    const partial = this.bodiesIn.take(id);
    if (partial !== undefined) this.whole(id, partial);
  }

  /** A body off the wire, as the codec wants it. */
  body(text: boolean, flags: number, bytes: Bytes, from: number, to: number): Body {
    return text ? this.reader.string(flags & ASCII, bytes, from, to) : bytes.subarray(from, to);
  }

  /** Says that we leave. `all`: what comes still is answered; else nothing more is taken. */
  sayGoodbye(reason: Reason, all: boolean, text = ''): void {
    const message = Buffer.from(text).subarray(0, 1024);
    const body = Buffer.alloc(5 + message.length);
    body[0] = reasons[reason];
    putU32(body, 1, all ? answersAll : this.taken >>> 0);
    message.copy(body, 5);
    this.writer.put(GOAWAY, 0, 0, body);
  }

  /** What came is no protocol of ours: the peer is told, and the connection ends. */
  broken(reason: Reason, what: string): void {
    if (this.ending) return;
    const error = new MicroError('unavailable', `${this.peerText} broke the protocol: ${what}`);
    this.error ??= error;
    report('transport.protocol_error', this.peerText, error);
    this.reader.stopped = true;
    // who has not spoken our protocol is told in it all the same when only the version is another
    if (this.greeting !== undefined || reason === 'version') {
      if (this.greeting === undefined) this.socket.write(preface);
      this.sayGoodbye(reason, false, what);
    }
    this.bodiesOut.clear();
    this.finish();
    this.socket.destroySoon();
  }

  /** Ends our side after what was written; a peer that keeps its own open is cut off by the sweep. */
  protected finish(): void {
    if (this.ending) return;
    this.ending = true;
    this.liveness.ended();
    this.reader.stopped = true;
    this.writer.flush();
    this.socket.resume();
    this.socket.end();
  }

  destroy(error?: Error): void {
    this.error ??= error;
    this.reader.stopped = true;
    this.socket.destroy();
  }

  protected abstract get peerText(): string;

  check(): void {
    this.liveness.check();
  }
}

function describeStart(chunk: Uint8Array): string {
  if (chunk[0] === 0x16) return 'it speaks TLS, and here is none';
  const text = Buffer.from(chunk.subarray(0, 16))
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '.');
  return `it begins with "${text}", which is not this protocol`;
}
