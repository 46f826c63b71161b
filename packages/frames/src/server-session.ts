import type { Socket } from 'node:net';
import { type Acceptor, type Body, MicroError, type Peer, type ReplyMetadata, report } from '@micro/core';
import { encodeError } from '@micro/core/plugin';
import type { Partial } from './bodies-in.ts';
import { type Bytes, u16, u32 } from './bytes.ts';
import { type CallHead, readCallHead } from './call-head.ts';
import type { Greeting } from './greeting.ts';
import { IncomingFrameCall } from './incoming.ts';
import { KnownTargets } from './known-targets.ts';
import {
  CALL,
  CANCEL,
  CREDIT,
  callBytes,
  END,
  ERROR,
  knownFlags,
  MESSAGE,
  METADATA,
  MORE,
  maxErrorText,
  OPEN,
  REPLY,
  RESET,
  reasons,
  slotMask,
  TARGET,
  UNDELIVERED,
} from './layout.ts';
import type { Limits } from './limits.ts';
import { Rate } from './rate.ts';
import { before, blocksOfError, encodeReply, nothing } from './reply-blocks.ts';
import { ServerStreams } from './server-streams.ts';
import { Session } from './session.ts';
import type { Sweep } from './sweep.ts';

/** An acceptor's answers may fill so many times `maxUnreadBytes` before the connection is given up. */
const mostUnread = 64;

/** A client's connection, seen from the server. */
export class ServerSession extends Session {
  peer: Peer;
  private readonly acceptor: Acceptor;
  private readonly onLost: (session: ServerSession) => void;
  private readonly targets: KnownTargets;
  private readonly calls: (IncomingFrameCall | undefined)[] = [];
  private readonly streams: ServerStreams;
  private readonly opens: Rate;
  private readonly cancels: Rate;
  private draining = false;

  constructor(
    socket: Socket,
    limits: Limits,
    sweep: Sweep,
    acceptor: Acceptor,
    peer: Peer,
    onLost: (session: ServerSession) => void,
  ) {
    super(socket, limits, sweep);
    this.acceptor = acceptor;
    this.targets = new KnownTargets(acceptor, limits.maxTargets);
    this.streams = new ServerStreams(this, acceptor);
    this.peer = peer;
    this.onLost = onLost;
    this.opens = new Rate(limits.maxOpens);
    this.cancels = new Rate(limits.maxCancels);
    // a long body counts until its last part has left, and a short one is taken without a 'drain'
    this.bodiesOut.onLess = () => this.readOn();
    // a client that closes its side has left
    socket.on('end', () => socket.destroy());
  }

  /** Tells the client to send no more here. */
  drain(): void {
    if (this.draining || this.ending) return;
    this.draining = true;
    if (this.greeted) this.sayGoodbye('leaving', true);
  }

  /** Cancels the work that is left, and ends the connection after what was written has left. */
  close(): void {
    if (this.ending) return;
    this.reader.stopped = true;
    const error = new MicroError('unavailable', 'the server has closed the connection');
    // whose body has not come whole, no handler has seen
    for (const call of this.calls)
      if (call !== undefined && call.work === undefined) this.fail(call, error, true);
    this.leave(error);
    if (this.greeted) this.sayGoodbye('leaving', false);
    this.bodiesOut.onEmpty(() => this.finish());
  }

  frame(type: number, flags: number, id: number, bytes: Bytes, from: number, to: number): void {
    if (!this.greeted || flags > knownFlags) this.control(type, flags, id, bytes, from, to);
    else if (type === CALL) this.call(flags, id, bytes, from, to);
    else if (type === MESSAGE) this.streams.get(id)?.received(this, flags, bytes, from, to);
    else if (type === CANCEL) this.cancel(id);
    else if (type === TARGET) this.target(id, bytes, from, to);
    else if (type === OPEN) this.open(flags, id, bytes, from, to);
    else if (type === END || type === CREDIT || (type === RESET && this.mayLeave())) {
      if (type === RESET) this.bodiesOut.drop(id);
      if (!this.streams.control(type, id, bytes, from, to))
        this.broken('protocol', `a frame of type ${type} that makes no sense for its stream`);
    } else if (type === RESET) return;
    else this.control(type, flags, id, bytes, from, to);
  }

  /** Answers a call that is still under way. */
  reply(call: IncomingFrameCall, body: Body, metadata: ReplyMetadata | undefined): void {
    if (!this.free(call)) return;
    if (metadata === undefined && body.length <= this.inlineMost) {
      this.writer.put(REPLY, 0, call.id, body);
      if (this.writer.queued > this.limits.maxUnreadBytes) this.unread();
      return;
    }
    try {
      this.sizeOf(body);
      const bytes = metadata !== undefined && this.tells ? encodeReply(metadata) : nothing;
      const flags = bytes === nothing ? 0 : METADATA;
      if (body.length <= this.inlineMost) this.writer.put(REPLY, flags, call.id, before(bytes, body));
      else {
        const head = { bytes, metadata: flags !== 0 };
        this.bodiesOut.add({ type: REPLY, id: call.id, body, head: () => head });
      }
      this.unread();
    } catch (error) {
      this.writer.put(ERROR, 0, call.id, encodeError(MicroError.from(error), maxErrorText));
    }
  }

  fail(call: IncomingFrameCall, error: MicroError, undelivered: boolean, metadata?: ReplyMetadata): void {
    if (!this.free(call)) return;
    const flags = undelivered ? UNDELIVERED : 0;
    const text = encodeError(error, maxErrorText);
    const blocks =
      metadata !== undefined && this.tells ? blocksOfError(() => encodeReply(metadata)) : nothing;
    if (blocks === nothing) this.writer.put(ERROR, flags, call.id, text);
    else this.writer.put(ERROR, flags | METADATA, call.id, before(blocks, text));
  }

  protected begin({ service }: Greeting): void {
    if (service !== '') this.peer = { ...this.peer, service };
    this.greet('');
    if (this.draining) this.sayGoodbye('leaving', true);
  }

  protected override get peerText(): string {
    return this.peer.address;
  }

  protected leaving(reason: number, _count: number, text: string): void {
    if (reason === reasons.leaving) return;
    const error = new MicroError('bad_request', `the client has ended the connection: ${text}`);
    report('transport.protocol_error', this.peer.address, error);
  }

  protected drained(): void {
    this.readOn();
    this.streams.room();
  }

  protected lost(): void {
    this.leave(new MicroError('canceled', 'the client has left'));
    this.onLost(this);
  }

  protected whole(id: number, { type, flags, bytes, size }: Partial): void {
    if (type === CALL) {
      const call = this.calls[id & slotMask];
      if (call?.id !== id) return;
      call.whole(this.body(call.route.text, flags, bytes, 0, size));
      call.work = this.acceptor.call(call.route, call);
      return;
    }
    const stream = this.streams.get(id);
    if (stream !== undefined) stream.incoming.message(this.body(stream.text, flags, bytes, 0, size), size);
  }

  private readOn(): void {
    if (!this.ending && this.backlog <= this.limits.maxUnreadBytes) this.socket.resume();
  }

  private get backlog(): number {
    return this.writer.queued + this.bodiesOut.bytes;
  }

  /** The client reads slower than it asks: it is read no more; and given up when it is much too slow. */
  private unread(): void {
    const { maxUnreadBytes } = this.limits;
    if (this.backlog <= maxUnreadBytes || this.ending) return;
    this.socket.pause();
    if (this.backlog > maxUnreadBytes * mostUnread)
      this.destroy(new Error(`${this.backlog} bytes of answers that it does not read`));
  }

  private call(flags: number, id: number, bytes: Bytes, from: number, to: number): void {
    const slot = id & slotMask;
    const { calls } = this;
    // the slots before it may belong to long bodies, which wait for their turn
    if (id < 0 || slot >= this.limits.maxCalls || calls[slot] !== undefined) {
      this.broken('protocol', `call ${id >>> 0} is not one that can begin`);
      return;
    }
    this.taken = (this.taken + 1) | 0;
    const ref = to - from < callBytes ? 0 : u16(bytes, from);
    // nearly always: a known target, no metadata, a body in one piece
    if (ref !== 0 && (flags & (METADATA | MORE)) === 0) {
      const route = this.targets.routes[ref];
      if (route !== undefined) {
        const at = from + callBytes;
        if (this.oversized(to - at)) return;
        const body = route.text ? this.reader.string(flags, bytes, at, to) : bytes.subarray(at, to);
        const call = new IncomingFrameCall(this, id, route, body, u32(bytes, from + 2), '');
        calls[slot] = call;
        call.work = this.acceptor.call(route, call);
        return;
      }
    }
    const head = this.head(flags, bytes, from, to);
    if (head === undefined || this.oversized(to - head.at)) return;
    const { route, ms, metadata, at } = head;
    const parts = (flags & MORE) !== 0;
    if (parts && !this.beginParts(CALL, flags, id, bytes, at, to)) return;
    const body = parts ? '' : this.body(route.text, flags, bytes, at, to);
    const call = new IncomingFrameCall(this, id, route, body, ms, metadata);
    calls[slot] = call;
    if (parts) call.begun();
    else call.work = this.acceptor.call(route, call);
  }

  /** Undefined: the connection is broken. */
  private head(flags: number, bytes: Bytes, from: number, to: number): CallHead | undefined {
    const head = readCallHead(this.targets, flags, bytes, from, to);
    if (head === undefined)
      this.broken('protocol', 'the head of a call cannot be read, or names no known target');
    return head;
  }

  private target(id: number, bytes: Bytes, from: number, to: number): void {
    if (!this.targets.add(id, bytes.utf8Slice(from, to)))
      this.broken('protocol', `target ${id >>> 0} is not the next, or has no name, or is one too many`);
  }

  /** False: too often, and the connection is broken. */
  private mayLeave(): boolean {
    if (!this.cancels.exceeded()) return true;
    this.broken('flood', `more than ${this.limits.maxCancels} calls and streams left in a second`);
    return false;
  }

  private cancel(id: number): void {
    if (!this.mayLeave()) return;
    const call = this.calls[id & slotMask];
    if (call?.id === id) {
      this.free(call);
      this.bodiesIn.take(id);
      call.work?.cancel();
    } else this.bodiesOut.drop(id);
  }

  private open(flags: number, id: number, bytes: Bytes, from: number, to: number): void {
    if (!this.streams.canOpen(id)) {
      this.broken('protocol', `stream ${id >>> 0} is not one that can be opened`);
      return;
    }
    if (this.opens.exceeded()) {
      this.broken('flood', `more than ${this.limits.maxOpens} streams opened in a second`);
      return;
    }
    const head = this.head(flags, bytes, from, to);
    if (head === undefined) return;
    if (head.at !== to || (flags & MORE) !== 0) {
      this.broken('protocol', 'a stream is opened without a body');
      return;
    }
    this.taken = (this.taken + 1) | 0;
    this.streams.open(id, head, this.greeting?.windowBytes ?? 0);
  }

  /** Whether the call was still under way. */
  private free(call: IncomingFrameCall): boolean {
    const slot = call.id & slotMask;
    if (this.calls[slot] !== call) return false;
    this.calls[slot] = undefined;
    return true;
  }

  /** Nobody waits any more for what is under way. */
  private leave(error: MicroError): void {
    for (const call of this.calls.splice(0)) call?.work?.cancel();
    this.streams.fail(error);
  }
}
