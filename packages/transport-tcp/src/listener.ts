import type { Socket } from 'node:net';
import {
  type Acceptor,
  type ListenOptions,
  type Metadata,
  noMetadata,
  report,
  type TlsOptions,
} from '@micro/core';
import type { SocketListener } from '@micro/core/plugin';
import { FrameServer, type Limits, protocolName, SocketServer, type Sweep } from '@micro/frames';

import { beginsGob } from './gob-first.ts';
import type { GobServer } from './gob-server.ts';

export interface TcpListenerSettings {
  readonly tls: TlsOptions | undefined;
  readonly maxIncoming: number;
  readonly limits: Limits;
  readonly sweep: Sweep;
}

export class TcpListener implements SocketListener {
  readonly metadata: Metadata = noMetadata;
  readonly active = true;
  address = '';
  private readonly frames: FrameServer;
  private readonly acceptor: Acceptor;
  private readonly limits: Limits;
  private readonly sweep: Sweep;
  /** Connections that speak go-micro's gob, of which few listeners see any. */
  private gob: Promise<GobServer> | undefined;
  private gobs = 0;
  /** Connections of which nothing has come. */
  private readonly silent = new Set<Socket>();
  private closing = false;
  private readonly server: SocketServer;
  private readonly onClosed: () => void;

  constructor(acceptor: Acceptor, settings: TcpListenerSettings, onClosed: () => void) {
    const { tls, limits, sweep, maxIncoming } = settings;
    const { handshakeTimeoutMs } = limits;
    this.onClosed = onClosed;
    this.acceptor = acceptor;
    this.limits = limits;
    this.sweep = sweep;
    this.frames = new FrameServer(acceptor, limits, sweep);
    this.server = new SocketServer(
      { tls, protocols: [protocolName], handshakeTimeoutMs, maxIncoming },
      (socket) => this.accept(socket),
    );
  }

  async start(options: ListenOptions): Promise<void> {
    this.address = await this.server.start(options);
  }

  drain(): void {
    this.frames.drain();
  }

  async close(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const stopped = this.server.close(options.signal);
    this.closing = true;
    this.frames.close();
    void this.gob?.then((gob) => gob.close()).catch(() => undefined); // told where it was asked for
    for (const socket of this.silent) socket.destroy();
    // what is left then is still shaking hands
    if (this.frames.size === 0 && this.gobs === 0) this.destroy();
    await stopped;
    this.onClosed();
  }

  /** The first byte decides who is spoken with. */
  private accept(socket: Socket): void {
    const { handshakeTimeoutMs } = this.limits;
    const broken = (): void => {
      // 'close' follows
    };
    const late = (): void => {
      socket.destroy();
    };
    if (this.closing) socket.destroy();
    this.silent.add(socket);
    socket.on('error', broken).setTimeout(handshakeTimeoutMs, late);
    socket.on('close', () => this.silent.delete(socket));
    socket.once('data', (first: Buffer) => {
      this.silent.delete(socket);
      socket.setTimeout(0, late);
      if (beginsGob(first)) this.acceptGob(socket.pause(), first);
      else {
        socket.off('error', broken);
        this.frames.accept(socket, first);
      }
    });
  }

  private acceptGob(socket: Socket, first: Buffer): void {
    const { acceptor, limits, sweep, address } = this;
    this.gobs++;
    socket.on('close', () => this.gobs--);
    // loaded when somebody speaks it
    this.gob ??= import('./gob-server.ts').then(
      ({ GobServer }) => new GobServer(acceptor, limits, sweep, address),
    );
    this.gob.then(
      (gob) => {
        if (this.closing) gob.close();
        gob.accept(socket, first);
      },
      (error: unknown) => {
        this.gob = undefined;
        report('plugin.warning', address, error);
        socket.destroy();
      },
    );
  }

  destroy(): void {
    this.server.destroy();
  }
}
