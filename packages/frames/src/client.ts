import type { Socket } from 'node:net';
import {
  type Connection,
  MicroError,
  type OutgoingCall,
  type OutgoingStream,
  report,
  type StreamSink,
} from '@micro/core';
import { now, Refusals, remoteError } from '@micro/core/plugin';
import { ClientSession } from './client-session.ts';
import type { Limits } from './limits.ts';
import type { OpenedStream, SessionOwner } from './session-owner.ts';
import { FrameStream } from './stream.ts';
import type { Sweep } from './sweep.ts';

export interface FrameClientOptions {
  readonly address: string;
  /** The calling service, told to the server; `''`: none. */
  readonly service: string;
  readonly limits: Limits;
  readonly sweep: Sweep;
  /** Begins to connect; calls `ready` once bytes can be sent. */
  connect(ready: () => void): Socket;
  /** What a socket's error means, in words. */
  explain(error: Error | undefined): string;
  /** What stands at the address takes connections, but does not greet; told before the calls that wait for it fail. */
  onRefused?(): void;
  onClosed(): void;
}

/** While the server leaves, so often at most a fresh connection is tried: behind the address may be another. */
const freshMs = 1000;

/** An address, with one connection that carries all calls and streams. It connects with the first, and again after a loss. */
export class FrameClient implements Connection, SessionOwner {
  readonly address: string;
  readonly service: string;
  state: Connection['state'] = 'idle';
  private readonly options: FrameClientOptions;
  /** The one that takes calls. */
  private session: ClientSession | undefined;
  /** All that are not closed: the one being made, and those that end. */
  private readonly sessions = new Set<ClientSession>();
  private connecting: ClientSession | undefined;
  private connectedAt = 0;
  private readonly waiting: OutgoingCall[] = [];
  private readonly opening: OpenedStream[] = [];
  private readonly refusals = new Refusals();
  private closing = false;
  private readonly whenEmpty: (() => void)[] = [];

  constructor(options: FrameClientOptions) {
    this.options = options;
    this.address = options.address;
    this.service = options.service;
  }

  request(call: OutgoingCall): void {
    const { session } = this;
    if (session === undefined || !session.taking || session.leavingPeer) {
      this.wait(call);
      return;
    }
    try {
      session.send(call);
    } catch (error) {
      this.refusals.add(call, MicroError.from(error));
    }
  }

  cancel(call: OutgoingCall): void {
    for (const session of this.sessions) if (session.cancel(call)) return;
    const at = this.waiting.indexOf(call);
    if (at >= 0) this.waiting.splice(at, 1);
    else this.refusals.forget(call);
  }

  open(stream: OutgoingStream): StreamSink {
    const { limits } = this.options;
    const half: FrameStream = new FrameStream('client', stream.target.text, limits.windowBytes, () => {
      const at = this.opening.findIndex((one) => one.half === half);
      if (at >= 0) this.opening.splice(at, 1);
      this.refusals.forget(half);
      for (const one of this.sessions) one.forget(half);
    });
    half.tell(stream);
    const session = this.usable();
    try {
      if (session !== undefined) session.open({ stream, half });
      else if (this.closing) throw this.closedError();
      else if (this.opening.length >= limits.maxWaiting) throw this.full(this.opening.length);
      else {
        this.opening.push({ stream, half });
        this.connect();
      }
    } catch (error) {
      this.refusals.add(half, MicroError.from(error));
    }
    return half;
  }

  async close(): Promise<void> {
    this.end();
    if (this.sessions.size > 0) {
      const empty = new Promise<void>((resolve) => this.whenEmpty.push(resolve));
      for (const session of this.sessions) this.idle(session);
      await empty;
    }
    this.options.onClosed();
  }

  destroy(): void {
    this.end();
    const error = this.closedError();
    this.failWaiting(error);
    for (const session of this.sessions) session.destroy(error);
    this.options.onClosed();
  }

  ready(session: ClientSession): void {
    this.connecting = undefined;
    if (!this.closing) {
      this.session = session;
      this.state = 'ready';
    }
    report('transport.connected', this.address);
    for (const call of this.waiting.splice(0)) {
      try {
        session.send(call);
      } catch (error) {
        this.refusals.add(call, MicroError.from(error));
      }
    }
    for (const opened of this.opening.splice(0)) {
      try {
        session.open(opened);
      } catch (error) {
        this.refusals.add(opened.half, MicroError.from(error));
      }
    }
    for (const one of this.sessions) this.idle(one);
  }

  left(session: ClientSession): void {
    if (session === this.session && this.state === 'ready') this.state = 'leaving';
  }

  lost(session: ClientSession, error: Error | undefined): void {
    this.sessions.delete(session);
    if (session.greeted) report('transport.disconnected', this.address, error);
    if (session === this.session) {
      this.session = undefined;
      if (!this.closing) this.state = 'idle';
    }
    if (session === this.connecting) {
      this.connecting = undefined;
      if (session.hasSpoken && !this.closing) this.options.onRefused?.();
      const why = error instanceof MicroError ? error.message : this.options.explain(error);
      this.failWaiting(
        error instanceof MicroError && this.closing
          ? error
          : remoteError('unavailable', `cannot connect to ${this.address}: ${why}`, { cause: error }),
      );
    }
    if (this.sessions.size > 0) return;
    for (const resolve of this.whenEmpty.splice(0)) resolve();
  }

  idle(session: ClientSession): void {
    const replaced = this.session !== session && this.connecting !== session;
    const unwanted = this.closing ? this.waiting.length + this.opening.length === 0 : replaced;
    if (!unwanted || session.busy) return;
    if (session.greeted) session.close();
    else session.destroy(this.closedError()); // it is being made, and nobody waits for it any more
  }

  /** The session that a call made now goes to. */
  private usable(): ClientSession | undefined {
    const { session } = this;
    if (session === undefined || !session.taking || this.closing) return undefined;
    // a server that goes still answers; but behind its address there may be another by now
    if (session.leavingPeer && now() - this.connectedAt >= freshMs) return undefined;
    return session.leavingPeer && this.connecting !== undefined ? undefined : session;
  }

  private wait(call: OutgoingCall): void {
    const session = this.usable();
    call.slot = -1;
    try {
      if (session !== undefined) session.send(call);
      else if (this.closing) throw this.closedError();
      else if (this.waiting.length >= this.options.limits.maxWaiting) throw this.full(this.waiting.length);
      else {
        this.waiting.push(call);
        this.connect();
      }
    } catch (error) {
      this.refusals.add(call, MicroError.from(error));
    }
  }

  private connect(): void {
    if (this.connecting !== undefined) return;
    this.connectedAt = now();
    const { limits, sweep } = this.options;
    const socket = this.options.connect(() => session.connected());
    const session = new ClientSession(socket, limits, sweep, this);
    this.connecting = session;
    this.sessions.add(session);
  }

  private end(): void {
    this.closing = true;
    this.state = 'closed';
    this.session = undefined;
  }

  private failWaiting(error: MicroError): void {
    for (const call of this.waiting.splice(0)) call.fail(error, 'no');
    for (const { half } of this.opening.splice(0)) half.fail(error, 'no');
  }

  private closedError(): MicroError {
    return new MicroError('unavailable', `the connection to ${this.address} was closed`);
  }

  private full(count: number): MicroError {
    return new MicroError('overloaded', `${count} calls wait for ${this.address} (maxWaiting)`);
  }
}
