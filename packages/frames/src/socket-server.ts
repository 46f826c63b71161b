import { createServer, type Server, type Socket } from 'node:net';
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

/** Accepts connections, over TLS where that is wanted, and holds their sockets from the first byte of the handshake on. */
export class SocketServer {
  address = '';
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private stopped: Promise<void> | undefined;

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

  /** Accepts nothing more. Resolves when all connections have ended; when the signal aborts, they end at once. */
  async close(signal: AbortSignal | undefined): Promise<void> {
    const destroy = (): void => this.destroy();
    this.stopped ??= new Promise((resolve) => this.server.close(() => resolve()));
    if (signal?.aborted) destroy();
    signal?.addEventListener('abort', destroy, { once: true });
    await this.stopped;
    signal?.removeEventListener('abort', destroy);
  }

  destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
