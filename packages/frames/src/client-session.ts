import type { Socket } from 'node:net';
import { type Delivered, MicroError, type OutgoingCall, type ReplyMetadata } from '@micro/core';
import { decodeError, now, remoteError } from '@micro/core/plugin';
import type { Partial } from './bodies-in.ts';
import { type Bytes, u32 } from './bytes.ts';
import type { Greeting } from './greeting.ts';
import {
  answersAll,
  CALL,
  CANCEL,
  CREDIT,
  END,
  ERROR,
  HEADER,
  knownFlags,
  MESSAGE,
  METADATA,
  MORE,
  OPEN,
  REPLY,
  RESET,
  reasons,
  slotMask,
} from './layout.ts';
import type { Limits } from './limits.ts';
import { encodeMetadata } from './metadata.ts';
import { deliveredBy, readSaid } from './reply-blocks.ts';
import { Session } from './session.ts';
import type { OpenedStream, SessionOwner } from './session-owner.ts';
import { Slots } from './slots.ts';
import type { FrameStream } from './stream.ts';
import type { Sweep } from './sweep.ts';
import { encodeTarget } from './target.ts';
import { TargetRefs } from './target-refs.ts';
import { callHead } from './writer.ts';

/** A connection to a server, seen from the client. */
export class ClientSession extends Session {
  /** The server has said that it goes. */
  leavingPeer = false;
  /** Calls can be sent. */
  taking = false;
  /** We have greeted. */
  hasSpoken = false;
  private readonly owner: SessionOwner;
  private readonly calls = new Slots<OutgoingCall>('calls');
  private readonly streams = new Slots<FrameStream>('streams');
  private refs: TargetRefs;
  private maxCalls = 0;
  private maxStreams = 0;
  private resting = false;
  private restedAt = false;

  constructor(socket: Socket, limits: Limits, sweep: Sweep, owner: SessionOwner) {
    super(socket, limits, sweep);
    this.owner = owner;
    this.refs = new TargetRefs(this.writer, 0);
    // all of it was read: a server that has ended its side answers nothing more
    socket.on('end', () => socket.destroy());
  }

  get busy(): boolean {
    return this.calls.count > 0 || this.streams.count > 0;
  }

  /** Our side of the greeting; the socket is connected. */
  connected(): void {
    this.hasSpoken = true;
    this.greet(this.owner.service);
  }

  /** Sends a call. Throws what it is refused with. */
  send(call: OutgoingCall): void {
    const { target, body, deadline, metadata } = call;
    if (this.calls.count >= this.maxCalls) throw this.overloaded(`${this.maxCalls} calls are under way`);
    if (this.writer.queued > this.limits.maxQueuedBytes)
      throw this.overloaded('it does not read what is sent');
    const text = metadata === undefined ? '' : encodeMetadata(metadata);
    const ref = this.refs.of(target);
    const name = ref === 0 ? encodeTarget(target) : '';
    if (this.resting) this.rest(false);
    if (body.length > this.inlineMost) {
      this.sendLarge(call, ref, name, text);
      return;
    }
    const id = this.calls.add(call, ++this.writer.sent);
    call.slot = id;
    this.writer.putCall(CALL, id, ref, deadline === 0 ? 0 : remaining(deadline), name, text, body);
  }

  /** False: it is not under way here. */
  cancel(call: OutgoingCall): boolean {
    const id = call.slot;
    if (this.calls.get(id) !== call) return false;
    this.calls.take(id);
    if (!this.ending && !this.bodiesOut.drop(id)) this.writer.put(CANCEL, 0, id, '');
    this.bodiesIn.take(id);
    if (!this.busy) this.owner.idle(this);
    return true;
  }

  /** Opens a stream whose half was made before. Throws what it is refused with. */
  open({ stream, half }: OpenedStream): void {
    const { target, deadline, metadata } = stream;
    if (this.streams.count >= this.maxStreams) throw this.overloaded(`${this.maxStreams} streams are open`);
    const text = encodeMetadata(metadata);
    const ref = this.refs.of(target);
    const name = ref === 0 ? encodeTarget(target) : '';
    if (this.resting) this.rest(false);
    const id = this.streams.add(half, ++this.writer.sent);
    this.writer.putCall(OPEN, id, ref, deadline === 0 ? 0 : remaining(deadline), name, text, '');
    half.attach(this, id, this.greeting?.windowBytes ?? 0);
    half.room();
  }

  /** A stream is over, however. */
  forget(half: FrameStream): void {
    if (this.streams.get(half.id) !== half) return;
    this.streams.take(half.id);
    this.bodiesIn.take(half.id);
    if (!this.busy) this.owner.idle(this);
  }

  frame(type: number, flags: number, id: number, bytes: Bytes, from: number, to: number): void {
    if (!this.greeted || flags > knownFlags) this.control(type, flags, id, bytes, from, to);
    else if (type === REPLY) this.reply(flags, id, bytes, from, to);
    else if (type === MESSAGE) this.streams.get(id)?.received(this, flags, bytes, from, to);
    else if (type === ERROR) this.failed(flags, id, bytes, from, to);
    else if (type === END || type === RESET)
      this.streams.get(id)?.peerEnds(this, type, flags, bytes, from, to);
    else if (type === HEADER) this.streams.get(id)?.peerHeader(this, bytes, from, to);
    else if (type === CREDIT && to - from === 4) {
      if (this.streams.get(id)?.grant(u32(bytes, from)) === false)
        this.broken('flow', 'credit that makes no sense');
    } else this.control(type, flags, id, bytes, from, to);
  }

  /** Ends the connection; nothing is under way. */
  close(): void {
    this.taking = false;
    this.finish();
  }

  override check(): void {
    super.check();
    // an idle connection does not keep the process alive
    if (this.busy || !this.greeted) this.restedAt = false;
    else if (!this.restedAt) this.restedAt = true;
    else if (!this.resting) this.rest(true);
  }

  protected begin(greeting: Greeting): void {
    this.maxCalls = Math.min(greeting.maxCalls, slotMask + 1);
    this.maxStreams = Math.min(greeting.maxStreams, slotMask + 1);
    this.refs = new TargetRefs(this.writer, greeting.maxTargets);
    this.taking = true;
    this.owner.ready(this);
  }

  protected override get peerText(): string {
    return this.owner.address;
  }

  protected leaving(reason: number, count: number, text: string): void {
    if (reason !== reasons.leaving)
      this.error ??= new MicroError('unavailable', `${this.owner.address} has ended the connection: ${text}`);
    this.leavingPeer = true;
    if (count !== answersAll) this.taking = false;
    this.owner.left(this);
    // what the server has not taken goes elsewhere; the rest may still be answered
    if (count !== answersAll) this.failUnsent(count);
  }

  protected drained(): void {
    for (const half of this.streams.all()) half.room();
  }

  protected lost(): void {
    this.taking = false;
    this.owner.lost(this, this.error);
    this.failUnsent(this.writer.flushed);
    this.failAll('maybe', () => true);
    this.owner.idle(this);
  }

  protected whole(id: number, { type, flags, said, bytes, size }: Partial): void {
    if (type === REPLY) this.answered(id, flags, bytes, 0, size, said);
    else {
      const half = this.streams.get(id);
      if (half !== undefined) half.incoming.message(this.body(half.text, flags, bytes, 0, size), size);
    }
  }

  private sendLarge(call: OutgoingCall, ref: number, name: string, text: string): void {
    const { body, deadline } = call;
    this.sizeOf(body);
    if (this.bodiesOut.bytes > this.limits.maxQueuedBytes)
      throw this.overloaded('it does not read what is sent');
    const id = this.calls.add(call, 0);
    call.slot = id;
    const head = (): { bytes: Uint8Array; metadata: boolean } => {
      this.calls.mark(id, ++this.writer.sent);
      const ms = deadline === 0 ? 0 : remaining(deadline);
      return { bytes: callHead(ref, ms, name, text), metadata: text !== '' };
    };
    this.bodiesOut.add({ type: CALL, id, body, head });
  }

  private reply(flags: number, id: number, bytes: Bytes, from: number, to: number): void {
    let at = from;
    let said: ReplyMetadata | undefined;
    if ((flags & METADATA) !== 0) {
      const read = readSaid(this, 'reply', flags, bytes, from, to);
      if (read === undefined) return;
      ({ at, metadata: said } = read);
    }
    if (this.oversized(to - at)) return;
    if ((flags & MORE) === 0) this.answered(id, flags, bytes, at, to, said);
    else if (this.calls.get(id) !== undefined) this.beginParts(REPLY, flags, id, bytes, at, to, said);
  }

  private answered(
    id: number,
    flags: number,
    bytes: Bytes,
    from: number,
    to: number,
    said: ReplyMetadata | undefined,
  ): void {
    const call = this.calls.take(id);
    if (call === undefined) return;
    call.done(call.target.text ? this.reader.string(flags, bytes, from, to) : bytes.subarray(from, to), said);
    if (this.calls.count === 0 && this.streams.count === 0) this.owner.idle(this);
  }

  private failed(flags: number, id: number, bytes: Bytes, from: number, to: number): void {
    const said = readSaid(this, 'reply', flags, bytes, from, to);
    if (said === undefined) return;
    const call = this.calls.take(id);
    this.bodiesIn.take(id);
    // it may be answered before its body has left
    this.bodiesOut.drop(id);
    call?.fail(decodeError(bytes.utf8Slice(said.at, to)), deliveredBy(flags), said.metadata);
    if (!this.busy) this.owner.idle(this);
  }

  /** Fails what the server cannot have seen: it has taken, or was given, so many. */
  private failUnsent(count: number): void {
    for (const id of this.bodiesOut.unsent()) {
      const call = this.calls.take(id);
      if (call === undefined) continue;
      this.bodiesOut.drop(id);
      call.fail(this.lostError(), 'no');
    }
    this.failAll('no', (mark) => ((mark - count) | 0) > 0);
  }

  private failAll(delivered: Delivered, wanted: (mark: number) => boolean): void {
    for (const call of this.calls.drain(wanted)) call.fail(this.lostError(), delivered);
    for (const half of this.streams.drain(wanted)) half.fail(this.lostError(), delivered);
  }

  private lostError(): MicroError {
    const { error, owner } = this;
    if (error instanceof MicroError) return error;
    const text = error?.message ?? 'the connection was closed';
    return remoteError('unavailable', `no answer from ${owner.address}: ${text}`, { cause: error });
  }

  private overloaded(why: string): MicroError {
    return new MicroError('overloaded', `the connection to ${this.owner.address} is full: ${why}`);
  }

  private rest(resting: boolean): void {
    this.resting = resting;
    if (resting) this.socket.unref();
    else this.socket.ref();
  }
}

function remaining(deadline: number): number {
  return Math.min(0xffffffff, Math.max(1, Math.ceil(deadline - now())));
}
