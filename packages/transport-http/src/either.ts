import type { Socket } from 'node:net';
import type { Connection, DialOptions, OutgoingCall, OutgoingStream, StreamSink } from '@micro/core';
import type { SocketAddress } from '@micro/core/plugin';
import { connectSocket, explain, FrameClient, type Limits, protocolName, type Sweep } from '@micro/frames';
import type { Settings } from './options.ts';
import { Pool } from './pool.ts';

/** What listeners that speak frames say of it in a node's metadata. */
export const framesKey = 'frames';
export const framesVersion = '1';

/**
 * An address whose server may speak frames on its HTTP port. Where a node's metadata says so they are spoken from the
 * first byte; else the first call asks by HTTP's `Upgrade`, and until the answer is there, or when it is no, it is HTTP.
 */
export class EitherConnection implements Connection {
  readonly address: string;
  private readonly pool: Pool;
  private readonly frames: FrameClient;
  /** Who takes calls now. */
  private taking: Pool | FrameClient;
  /** The connection that was upgraded, until frames take it over. */
  private upgraded: Socket | undefined;

  constructor(
    target: SocketAddress,
    settings: Settings,
    limits: Limits,
    sweep: Sweep,
    options: DialOptions,
    onClosed: () => void,
  ) {
    const { tls } = settings;
    const protocols = [protocolName, 'http/1.1'];
    this.address = target.text;
    this.pool = new Pool(target, settings, options, onClosed, {
      upgraded: (socket, calls) => this.upgrade(socket, calls),
    });
    this.frames = new FrameClient({
      address: target.text,
      service: options.from ?? '',
      limits,
      sweep,
      connect: (ready) => {
        const { upgraded } = this;
        if (upgraded === undefined) return connectSocket(target, tls, protocols, ready);
        this.upgraded = undefined;
        queueMicrotask(ready);
        return upgraded;
      },
      explain: (error) => explain(error, tls !== undefined),
      // another server may stand there by now: it is asked again
      onRefused: () => {
        this.taking = this.pool;
      },
      onClosed,
    });
    this.taking = options.metadata[framesKey] === framesVersion ? this.frames : this.pool;
  }

  get state(): Connection['state'] {
    return this.taking.state;
  }

  request(call: OutgoingCall): void {
    this.taking.request(call);
  }

  cancel(call: OutgoingCall): void {
    // it may have begun before the upgrade
    this.frames.cancel(call);
    this.pool.cancel(call);
  }

  open(stream: OutgoingStream): StreamSink {
    return this.taking.open(stream);
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.close(), this.frames.close()]);
  }

  destroy(): void {
    this.pool.destroy();
    this.frames.destroy();
  }

  private upgrade(socket: Socket, calls: readonly OutgoingCall[]): void {
    if (this.taking === this.frames) socket.destroy();
    else {
      this.upgraded = socket;
      this.taking = this.frames;
    }
    for (const call of calls) this.frames.request(call);
  }
}
