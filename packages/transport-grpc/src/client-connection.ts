import { type ChannelInterface, connectivityState, status } from '@grpc/grpc-js';
import {
  type Body,
  type Connection,
  type DialOptions,
  MicroError,
  type OutgoingCall,
  type OutgoingStream,
  type StreamSink,
} from '@micro/core';
import { Refusals } from '@micro/core/plugin';
import { Calling } from './calling.ts';
import { openChannel, readTarget, reportState } from './channel.ts';
import { bufferOf, type ClientCall } from './client-call.ts';
import { ClientStream, type StreamOwner, tooLarge } from './client-stream.ts';
import { ClientUnary, type UnaryOwner } from './client-unary.ts';
import type { Settings } from './options.ts';

/** A peer's address, with a channel behind it from the first call on: one connection for all calls. */
export class GrpcConnection implements Connection, UnaryOwner, StreamOwner {
  readonly address: string;
  readonly maxMessageBytes: number;
  private readonly target: string;
  private readonly settings: Settings;
  private readonly calling: Calling;
  private readonly onClosed: () => void;
  private readonly calls = new Map<OutgoingCall, ClientUnary>();
  private readonly streams = new Set<ClientStream>();
  private readonly refusals = new Refusals();
  /** What was given to a channel that had no connection then. */
  private readonly waiting = new Set<ClientCall>();
  private connecting: NodeJS.Timeout | undefined;
  private channel: ChannelInterface | undefined;
  private closing = false;
  private whenIdle: () => void = () => undefined;
  private readonly idle: Promise<void>;

  constructor(address: string, settings: Settings, options: DialOptions, onClosed: () => void) {
    this.address = address;
    this.target = readTarget(address);
    this.settings = settings;
    this.maxMessageBytes = settings.maxMessageBytes;
    this.calling = new Calling(options.from);
    this.onClosed = onClosed;
    this.idle = new Promise((resolve) => {
      this.whenIdle = resolve;
    });
  }

  get state(): Connection['state'] {
    if (this.closing) return 'closed';
    if (this.channel === undefined) return 'idle';
    if (this.connected(this.channel)) return 'ready';
    // work is on a connection that the channel has given up: the peer has said that it goes
    for (const call of this.underWay()) if (call.sent) return 'leaving';
    return 'idle';
  }

  request(outgoing: OutgoingCall): void {
    const { target, deadline, metadata } = outgoing;
    try {
      const message = this.messageOf(outgoing.body);
      const path = this.calling.path(target);
      const headers = this.calling.headers(target, deadline, metadata);
      const channel = this.dialled();
      const grpc = channel.createCall(path, Number.POSITIVE_INFINITY, null, null, undefined);
      const call = new ClientUnary(this, channel, grpc, outgoing);
      this.calls.set(outgoing, call);
      this.wait(channel, call);
      grpc.start(headers, call);
      grpc.startRead();
      grpc.sendMessageWithContext({}, message);
      grpc.halfClose();
    } catch (error) {
      this.refusals.add(outgoing, MicroError.from(error));
    }
  }

  cancel(outgoing: OutgoingCall): void {
    if (this.refusals.forget(outgoing)) return;
    const call = this.calls.get(outgoing);
    if (call === undefined) return;
    this.forget(call);
    call.call.cancelWithStatus(status.CANCELLED, '');
  }

  open(stream: OutgoingStream): StreamSink {
    const { target, deadline, metadata } = stream;
    try {
      const path = this.calling.path(target);
      const headers = this.calling.headers(target, deadline, metadata);
      const channel = this.dialled();
      const grpc = channel.createCall(path, Number.POSITIVE_INFINITY, null, null, undefined);
      const call = new ClientStream(this, channel, grpc, stream);
      this.streams.add(call);
      this.wait(channel, call);
      grpc.start(headers, call);
      call.read();
      return call;
    } catch (error) {
      return this.refusals.stream(stream, MicroError.from(error));
    }
  }

  close(): Promise<void> {
    this.closing = true;
    this.check();
    return this.idle;
  }

  destroy(): void {
    this.closing = true;
    const error = new MicroError('unavailable', `the connection to ${this.address} was destroyed`);
    for (const call of [...this.underWay()]) this.drop(call, error);
    this.check();
  }

  forget(call: ClientUnary): boolean {
    this.waiting.delete(call);
    if (this.calls.get(call.outgoing) !== call) return false;
    this.calls.delete(call.outgoing);
    this.check();
    return true;
  }

  forgetStream(stream: ClientStream): void {
    this.waiting.delete(stream);
    this.streams.delete(stream);
    this.check();
  }

  private connected(channel: ChannelInterface): boolean {
    return channel.getConnectivityState(false) === connectivityState.READY;
  }

  private *underWay(): Iterable<ClientCall> {
    yield* this.calls.values();
    yield* this.streams;
  }

  private messageOf(body: Body): Buffer {
    const message = bufferOf(body);
    if (message.length > this.maxMessageBytes) throw tooLarge(message.length, this.maxMessageBytes);
    return message;
  }

  private dialled(): ChannelInterface {
    if (this.closing) throw new MicroError('unavailable', `the connection to ${this.address} is closed`);
    if (this.waiting.size >= this.settings.maxQueued)
      throw new MicroError(
        'overloaded',
        `${this.waiting.size} calls wait for a connection to ${this.address}`,
      );
    if (this.channel === undefined) {
      this.channel = openChannel(this.target, this.settings);
      reportState(this.channel, this.address);
    }
    return this.channel;
  }

  /** Bounds how long calls wait for a connection: grpc-js itself would wait as long as the system does. */
  private wait(channel: ChannelInterface, call: ClientCall): void {
    if (this.connected(channel)) {
      if (this.waiting.size > 0) this.waiting.clear();
      return;
    }
    this.waiting.add(call);
    this.connecting ??= setTimeout(() => {
      this.connecting = undefined;
      const { address, settings } = this;
      const error = new MicroError(
        'unavailable',
        `no connection to ${address} after ${settings.connectTimeoutMs} ms`,
      );
      const unsent = [...this.waiting].filter(({ sent }) => !sent);
      this.waiting.clear();
      for (const late of unsent) this.drop(late, error);
      if (unsent.length === 0 || this.channel === undefined || this.connected(this.channel)) return;
      this.channel.close(); // calls on its last connection go on; the next one begins anew
      this.channel = undefined;
    }, this.settings.connectTimeoutMs).unref();
  }

  private drop(call: ClientCall, error: MicroError): void {
    const delivered = call.sent ? 'maybe' : 'no';
    call.call.cancelWithStatus(status.CANCELLED, '');
    call.fail(error, delivered);
  }

  private check(): void {
    if (!this.closing || this.calls.size > 0 || this.streams.size > 0) return;
    clearTimeout(this.connecting);
    this.channel?.close();
    this.channel = undefined;
    this.onClosed();
    this.whenIdle();
  }
}
