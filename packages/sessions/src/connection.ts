import {
  type Connection,
  type Delivered,
  type DialOptions,
  MicroError,
  type OutgoingCall,
  type OutgoingStream,
  type StreamSink,
  type Target,
} from '@micro/core';
import { eos, remoteError, wireBody, writeTimeout } from '@micro/core/plugin';
import type { Fields } from './carrier.ts';
import type { SessionClient } from './client.ts';
import { ClientStream, nobody } from './client-stream.ts';
import { checkMetadata, idFields, marks, targetFields } from './header.ts';
import type { Slot } from './slots.ts';

type Sent = OutgoingCall | ClientStream;

/** The sessions to one address. */
export class SessionConnection implements Connection {
  readonly address: string;
  readonly client: SessionClient;
  /** The listener is one of ours, by the node's metadata: it counts what it reads of a stream. */
  readonly counts: boolean;
  underWay = 0;
  private readonly from: string | undefined;
  private readonly heads: unknown[] = [];
  private quiet = false;
  private present = false;
  private closing = false;
  private ended = false;
  private readonly whenIdle: (() => void)[] = [];

  constructor(client: SessionClient, address: string, { from, metadata }: DialOptions) {
    this.client = client;
    this.address = address;
    this.from = from;
    this.counts = metadata[creditKey] === 'bytes';
    client.connections.add(this);
  }

  get state(): Connection['state'] {
    if (this.ended) return 'closed';
    return this.present && this.client.ready ? 'ready' : 'idle';
  }

  request(call: OutgoingCall): void {
    call.slot = -1;
    if (this.closing) this.client.refusals.add(call, this.gone());
    else if (this.client.ready) this.send(call);
    else this.client.wait(call, this);
  }

  /** Sends what waited, or comes now. */
  send(one: Sent): void {
    const { client } = this;
    const slot = client.slots.take(this);
    this.underWay++;
    if (this.underWay === 1) client.watch();
    try {
      if (one instanceof ClientStream) {
        slot.stream = one;
        one.open(slot);
      } else {
        slot.call = one;
        this.sendFor(slot, one, [], wireBody(one.body, one.target.contentType));
        one.slot = slot.index;
      }
    } catch (error) {
      client.slots.release(slot, false);
      this.underWay--;
      this.refuse(one, MicroError.from(error));
    }
  }

  /** The first message of a session. Throws `bad_request` and `too_large`. */
  sendFor(slot: Slot, call: OutgoingCall | OutgoingStream, fields: Fields, body: OutgoingCall['body']): void {
    const { target, deadline, metadata } = call;
    if (metadata !== undefined) checkMetadata(metadata);
    const all = ['Micro-Id', slot.id, 'Micro-ID', slot.id];
    if (deadline !== 0) all.push('Timeout', writeTimeout(deadline));
    for (const field of fields) all.push(field);
    this.client.carrier.request(
      this.address,
      slot.session,
      this.head(target),
      all,
      metadata,
      body,
      this.counts,
    );
  }

  /** A further message of a stream. */
  sendMore(slot: Slot, target: Target, fields: Fields, body: OutgoingCall['body'] | undefined): void {
    const all = [...idFields(slot.id), 'Micro-Stream', slot.id, marks.more, '1', ...fields];
    this.client.carrier.request(
      this.address,
      slot.session,
      this.head(target),
      all,
      undefined,
      body,
      this.counts,
    );
  }

  cancel(call: OutgoingCall): void {
    const { client } = this;
    if (client.refusals.forget(call) || client.unwait(call)) {
      this.settle();
      return;
    }
    const slot = client.slots.at(call.slot);
    if (slot?.call !== call) return;
    this.tellLeft(slot.session, slot.id, false);
    this.underWay--;
    client.slots.release(slot, true);
    this.settle();
  }

  /** Go drops the end of a stream that it does not know, and so of a call (go-micro v4: server/rpc_server.go). */
  tellLeft(session: string, id: string, stream: boolean): void {
    const { carrier } = this.client;
    if (!carrier.up || carrier.released !== undefined) return;
    if (stream && !this.counts) carrier.breakOff?.(this.address, session);
    const fields = [...idFields(id), 'Micro-Stream', id, 'Micro-Error', eos, marks.cancel, '1'];
    if (stream) fields.push(marks.more, '1');
    carrier.request(this.address, session, carrier.head([]), fields, undefined, undefined, this.counts);
  }

  /** A request to nobody in the session of a stream, of which only that it is answered means something. */
  askEnd(slot: Slot, target: Target, id: string): void {
    const { carrier } = this.client;
    const nothing = { ...target, index: 0, endpoint: 'Micro.Ended' };
    if (carrier.up)
      carrier.request(this.address, slot.session, this.head(nothing), idFields(id), undefined, '', false);
  }

  open(stream: OutgoingStream): StreamSink {
    const { client } = this;
    const { size } = client.streams;
    if (this.closing) return client.refusals.stream(stream, this.gone());
    if (size >= client.settings.maxStreams) {
      const full = new MicroError('overloaded', `${size} streams are open (maxStreams)`);
      return client.refusals.stream(stream, full);
    }
    const own = new ClientStream(this, stream);
    client.streams.add(own);
    if (client.ready) this.send(own);
    else client.wait(own, this);
    return own;
  }

  /** `leaving`: the server has to learn of it. */
  streamOver(stream: ClientStream, leaving: boolean): void {
    const { client } = this;
    const { slot } = stream;
    client.streams.delete(stream);
    client.unwait(stream);
    if (slot?.stream === stream) {
      if (leaving) this.tellLeft(slot.session, slot.id, true);
      this.underWay--;
      client.slots.release(slot, leaving);
    }
    this.settle();
  }

  /** What was not sent fails in a moment. */
  refuse(one: Sent, error: MicroError): void {
    const { client } = this;
    if (one instanceof ClientStream) one.refuse(error);
    else client.refusals.add(one, error);
    this.settle();
  }

  failCall(slot: Slot, error: MicroError, delivered: Delivered): void {
    const { call } = slot;
    this.underWay--;
    this.client.slots.release(slot, true);
    call?.fail(error, delivered);
    this.settle();
  }

  failAll(error: MicroError, delivered: 'no' | 'maybe'): void {
    for (const { slot, session } of this.client.slots.of(this)) {
      if (slot.session !== session) continue; // another's by now: who is told may call again at once
      if (slot.stream !== undefined) slot.stream.lose(error, delivered);
      else this.failCall(slot, error, delivered);
    }
  }

  lost(error: MicroError): void {
    this.present = false;
    this.failAll(error, 'maybe');
  }

  heard(): void {
    this.present = true;
    this.quiet = false;
  }

  /** Nobody is at the address. */
  absent(): void {
    this.present = false;
  }

  /** Of a peer that has said nothing since the last check it is asked whether it is there. */
  check(): void {
    if (!this.quiet) {
      this.quiet = true;
      return;
    }
    void this.client.carrier.present(this.address).then((present) => {
      if (present || !this.quiet) return;
      this.absent();
      this.failAll(nobody(this.address), 'maybe');
    });
  }

  async close(): Promise<void> {
    this.closing = true;
    if (this.busy) await new Promise<void>((resolve) => this.whenIdle.push(resolve));
    this.end();
  }

  destroy(): void {
    const { client } = this;
    this.closing = true;
    const error = this.gone();
    for (const one of client.waitingOf(this)) {
      client.unwait(one);
      if (one instanceof ClientStream) one.lose(error, 'no');
      else one.fail(error, 'no');
    }
    for (const { slot, session } of client.slots.of(this)) {
      if (slot.stream === undefined) this.tellLeft(session, slot.id, false);
    }
    this.failAll(error, 'maybe');
    this.end();
    this.settle();
  }

  /** A call has ended well. */
  done(): void {
    this.underWay--;
    this.settle();
  }

  settle(): void {
    if (this.closing && !this.busy) for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  private get busy(): boolean {
    return this.underWay > 0 || this.client.waitingOf(this).length > 0;
  }

  private end(): void {
    this.ended = true;
    this.client.connections.delete(this);
  }

  private gone(): MicroError {
    return remoteError('unavailable', `the connection to "${this.address}" was closed`, {
      id: 'go.micro.transport',
    });
  }

  private head(target: Target): unknown {
    const known = this.heads[target.index];
    if (known !== undefined) return known;
    const head = this.client.carrier.head(targetFields(target, this.from));
    if (target.index > 0) this.heads[target.index] = head;
    return head;
  }
}

/** In a node's metadata: the listener counts in bytes. */
export const creditKey = 'micro-credit';
