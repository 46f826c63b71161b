import type { Socket } from 'node:net';
import {
  type Connection,
  type DialOptions,
  MicroError,
  type OutgoingCall,
  type OutgoingStream,
  report,
  type StreamSink,
} from '@micro/core';
import { Refusals, remoteError, type SocketAddress, wireBody } from '@micro/core/plugin';
import { explain, protocolName, Sweep, type Swept } from '@micro/frames';
import { ClientConnection } from './client-connection.ts';
import { ClientStream } from './client-stream.ts';
import { HeadParser } from './head.ts';
import type { Settings } from './options.ts';
import { RequestLines } from './request-lines.ts';

/** Go servers from v4.10 on lose a request that comes right behind an answer: let each connection rest (server/rpc_server.go). */
const spread = 8;
/** So long a peer that said goodbye counts as leaving, unless it answers on a connection made later. */
const leavingMs = 10_000;

/** Asks for another protocol, by the first call of each first connection. */
export interface Upgrading {
  /** The socket speaks frames from now on; the calls were not taken by the server. */
  upgraded(socket: Socket, calls: readonly OutgoingCall[]): void;
}
const upgradeLines = `Connection: Upgrade\r\nUpgrade: ${protocolName}\r\n`;

/** The connections to one address, as core sees them: one. */
export class Pool implements Connection, Swept {
  readonly address: string;
  readonly target: SocketAddress;
  readonly settings: Settings;
  readonly parser: HeadParser;
  readonly sweep: Sweep;
  state: Connection['state'] = 'idle';
  /** How often the peer has said goodbye. */
  era = 0;
  private readonly onClosed: () => void;
  private readonly upgrading: Upgrading | undefined;
  private readonly lines: RequestLines;
  private readonly refusals = new Refusals();
  private readonly connections = new Set<ClientConnection>();
  private readonly streams = new Set<ClientStream>();
  /** The one that rested longest comes first. */
  private readonly idle: ClientConnection[] = [];
  private readonly waiting: OutgoingCall[] = [];
  private readonly limits: { readonly connect: number; readonly idle: number; readonly leaving: number };
  private connecting = 0;
  private goPeer = false;
  private leftAt = 0;
  private closing = false;
  private readonly whenEmpty: (() => void)[] = [];

  constructor(
    target: SocketAddress,
    settings: Settings,
    options: DialOptions,
    onClosed: () => void,
    upgrading?: Upgrading,
  ) {
    const { connectTimeoutMs, poolIdleTimeoutMs } = settings;
    this.address = target.text;
    this.target = target;
    this.settings = settings;
    this.onClosed = onClosed;
    this.upgrading = upgrading;
    this.lines = new RequestLines(target, options.from, settings.maxHeaderBytes);
    this.parser = new HeadParser('response', settings);
    this.sweep = new Sweep(Math.min(connectTimeoutMs, poolIdleTimeoutMs));
    const ticks = (ms: number): number => this.sweep.ticks(ms);
    this.limits = {
      connect: ticks(connectTimeoutMs),
      idle: ticks(poolIdleTimeoutMs),
      leaving: ticks(leavingMs),
    };
  }

  request(call: OutgoingCall): void {
    const { connections, settings, waiting } = this;
    const spare = !this.goPeer || connections.size >= Math.min(spread, settings.maxConnections);
    const connection = spare && !this.closing ? this.takeIdle() : undefined;
    if (connection !== undefined) {
      if (!this.send(connection, call)) this.idle.unshift(connection);
    } else if (this.closing) this.refusals.add(call, this.closed());
    else if (waiting.length >= settings.maxQueued) {
      this.refusals.add(
        call,
        new MicroError('overloaded', `${waiting.length} calls wait for ${this.address} (maxQueued)`),
      );
    } else {
      waiting.push(call);
      this.grow();
    }
  }

  cancel(call: OutgoingCall): void {
    if (this.refusals.forget(call)) return;
    const at = this.waiting.indexOf(call);
    if (at >= 0) this.waiting.splice(at, 1);
    for (const connection of this.connections) {
      if (connection.call !== call) continue;
      connection.call = undefined;
      connection.destroy();
    }
  }

  open(stream: OutgoingStream): StreamSink {
    try {
      if (this.closing) throw this.closed();
      if (this.streams.size >= this.settings.maxStreams) {
        throw new MicroError(
          'overloaded',
          `${this.streams.size} streams are open to ${this.address} (maxStreams)`,
        );
      }
      const id = this.lines.nextId();
      const head = `${this.lines.head(stream.target)}Micro-Stream: ${id}\r\n`;
      const opening = head + this.lines.own(id, stream.deadline, stream.metadata);
      const client = new ClientStream(this, stream, opening, head + this.lines.own(id, 0, undefined));
      this.streams.add(client);
      this.sweep.add(this);
      return client;
    } catch (error) {
      return this.refusals.stream(stream, MicroError.from(error));
    }
  }

  async close(): Promise<void> {
    this.closing = true;
    for (const connection of this.idle.splice(0)) connection.destroy();
    await this.empty();
    this.finish();
  }

  destroy(): void {
    this.closing = true;
    this.finish();
    const error = this.closed();
    this.failWaiting(error);
    for (const connection of this.connections) connection.destroy(error);
    for (const stream of this.streams) stream.destroy(error);
    this.settle();
  }

  /** Resolves when no socket is left. */
  private async empty(): Promise<void> {
    if (this.used) await new Promise<void>((resolve) => this.whenEmpty.push(resolve));
  }

  connected(connection: ClientConnection): void {
    this.connecting--;
    if (this.state === 'idle') this.state = 'ready';
    report('transport.connected', this.address);
    this.give(connection);
  }

  /** A connection has answered and is free. `goPeer`: it echoed our headers, as Go does. */
  free(connection: ClientConnection, goPeer: boolean): void {
    this.goPeer = goPeer;
    if (this.state === 'leaving' && connection.era === this.era) this.state = 'ready';
    this.give(connection);
  }

  /** Sends the next call that waits, or lets the connection rest. */
  private give(connection: ClientConnection): void {
    let call = this.waiting.shift();
    while (call !== undefined && !this.send(connection, call)) call = this.waiting.shift();
    if (call !== undefined) return;
    connection.since = this.sweep.tick;
    if (this.closing) connection.destroy();
    else this.idle.push(connection);
  }

  /** The peer closes its connections: it goes away. */
  left(): void {
    if (this.state !== 'closed') this.state = 'leaving';
    this.leftAt = this.sweep.tick;
    this.era++;
  }

  /** A connection is closed, or could not be made. */
  lost(connection: ClientConnection, error: Error | undefined): void {
    this.connections.delete(connection);
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    if (connection.ready) report('transport.disconnected', this.address, error);
    else {
      this.connecting--;
      const idle = this.takeIdle();
      if (idle !== undefined) this.give(idle);
      else if (this.connections.size === this.connecting) this.failWaiting(this.unreachable(error));
    }
    this.grow();
    this.settle();
  }

  /** A connection speaks another protocol from now on, and is no longer ours; neither are the calls that wait. */
  upgrade(connection: ClientConnection, socket: Socket, call: OutgoingCall): void {
    this.connections.delete(connection);
    report('transport.disconnected', this.address);
    this.upgrading?.upgraded(socket, [call, ...this.waiting.splice(0)]);
    this.settle();
  }

  forget(stream: ClientStream): void {
    this.streams.delete(stream);
    this.settle();
  }

  unreachable(cause: Error | undefined): MicroError {
    const why = explain(cause, this.settings.tls !== undefined);
    return remoteError('unavailable', `cannot connect to ${this.address}: ${why}`, { cause });
  }

  private get used(): boolean {
    return this.connections.size + this.streams.size + this.waiting.length > 0;
  }

  /** False: the call was refused, and the connection is still free. */
  private send(connection: ClientConnection, call: OutgoingCall): boolean {
    const { lines, settings } = this;
    const { target, body, deadline, metadata } = call;
    try {
      const wire = wireBody(body, target.contentType, settings.maxBodyBytes);
      const own = lines.own(lines.nextId(), deadline, metadata);
      const asking = this.upgrading !== undefined && connection.unused && this.connections.size === 1;
      connection.send(call, lines.head(target) + (asking ? own + upgradeLines : own), wire, asking);
      return true;
    } catch (error) {
      this.refusals.add(call, MicroError.from(error));
      return false;
    }
  }

  private takeIdle(): ClientConnection | undefined {
    let connection = this.idle.shift();
    while (connection !== undefined && !connection.usable) connection = this.idle.shift();
    return connection;
  }

  private grow(): void {
    const { connections, connecting, settings, waiting } = this;
    if (waiting.length <= connecting || connections.size >= settings.maxConnections) return;
    this.connecting++;
    connections.add(new ClientConnection(this));
    this.sweep.add(this);
  }

  private failWaiting(error: MicroError): void {
    for (const call of this.waiting.splice(0)) call.fail(error, 'no');
  }

  private closed(): MicroError {
    return new MicroError('unavailable', `the connection to ${this.address} was closed`);
  }

  private settle(): void {
    if (this.used) return;
    if (this.state === 'ready') this.state = 'idle';
    if (this.state !== 'leaving') this.sweep.remove(this);
    for (const resolve of this.whenEmpty.splice(0)) resolve();
  }

  private finish(): void {
    this.state = 'closed';
    this.onClosed();
    this.settle();
  }

  check(): void {
    const { limits, sweep } = this;
    if (this.state === 'leaving' && sweep.tick - this.leftAt >= limits.leaving) {
      this.state = this.connections.size > this.connecting ? 'ready' : 'idle';
      this.settle();
    }
    for (const one of [...this.connections, ...this.streams]) {
      const age = sweep.tick - one.since;
      if (!one.ready) {
        if (age >= limits.connect)
          one.destroy(new Error(`not connected within ${this.settings.connectTimeoutMs} ms`));
      } else if (one instanceof ClientConnection && one.call === undefined) {
        if (age >= limits.idle) one.destroy();
        else if (age > 0) one.rest();
      }
    }
  }
}
