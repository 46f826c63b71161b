import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as immediate, setTimeout as pause } from 'node:timers/promises';
import { type ListenOptions, report, type TlsOptions } from '@micro/core';
import { tlsServerOptions } from '@micro/core/plugin';
import { bind } from './bind.ts';
import { tlsModule } from './tls-module.ts';

export interface SocketServerSettings {
  /** Undefined: plain TCP. */
  readonly tls: TlsOptions | undefined;
  /** What is offered in TLS (ALPN). */
  readonly protocols: string[];
  readonly handshakeTimeoutMs: number;
  /** Connections at once; what comes beyond is dropped. */
  readonly maxIncoming: number;
}

/** A crowd that goes on connecting does not keep a server from closing. */
const maxWaits = 32;

/** Accepts connections, over TLS where that is wanted, and holds their sockets from the first byte of the handshake on. */
export class SocketServer {
  address = '';
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private stopping: Promise<void> | undefined;
  private ended: Promise<void> | undefined;
  private accepted = 0;
  private destroyed = false;

  constructor(settings: SocketServerSettings, accept: (socket: Socket) => void) {
    const { tls, protocols, handshakeTimeoutMs, maxIncoming } = settings;
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
    this.server =
      tls === undefined
        ? createServer(options, accept)
        : tlsModule().createServer(
            { ...options, ...tlsServerOptions(tls, handshakeTimeoutMs), ALPNProtocols: protocols },
            accept,
          );
    this.server.maxConnections = maxIncoming;
    this.server.on('connection', (socket: Socket) => {
      this.accepted++;
      if (this.destroyed) socket.destroy();
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.server.on('tlsClientError', (error, socket) => {
      report('transport.protocol_error', this.address, error);
      socket.destroy(); // node:tls leaves a handshake that took too long as it is
    });
    this.server.on('drop', () =>
      report('plugin.warning', `${this.address}: a connection beyond maxIncoming was dropped`),
    );
  }

  /** Binds the address, and gives it with its real port. Rejects with `unavailable` when it is taken. */
  async start(options: ListenOptions): Promise<string> {
    this.address = await bind(this.server, options);
    this.server.on('error', (error) => report('plugin.warning', this.address, error));
    return this.address;
  }

  /**
   * Accepts nothing more; resolves when that is so. The kernel resets connections that it has taken for us and we have
   * not, whatever their clients have sent by then: those are accepted first, until none has come for `quietMs`. That
   * comes to an end when nobody is answered meanwhile. With 0, or without any connection, it stops at once.
   */
  stop(quietMs = 0): Promise<void> {
    this.stopping ??= this.acceptRest(quietMs);
    return this.stopping;
  }

  private async acceptRest(quietMs: number): Promise<void> {
    for (let wait = 0, before = -1; before !== this.accepted && wait < maxWaits && !this.destroyed; wait++) {
      before = this.accepted;
      if (quietMs === 0 || this.sockets.size === 0) break;
      await pause(quietMs);
      await immediate(); // sockets are looked at behind timers
    }
    this.ended = new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** Stops. Resolves when all connections have ended; when the signal aborts, they end at once. */
  async close(signal: AbortSignal | undefined): Promise<void> {
    const destroy = (): void => this.destroy();
    if (signal?.aborted) destroy();
    signal?.addEventListener('abort', destroy, { once: true });
    await this.stop();
    await this.ended;
    signal?.removeEventListener('abort', destroy);
  }

  destroy(): void {
    this.destroyed = true;
    for (const socket of this.sockets) socket.destroy();
  }
}
