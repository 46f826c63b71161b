import { createServer, type Server, type Socket } from 'node:net';
import {
  type Acceptor,
  type Listener,
  type ListenOptions,
  type Metadata,
  noMetadata,
  report,
  type TlsOptions,
} from '@micro/core';
import { tlsServerOptions } from '@micro/core/plugin';
import { bind, FrameServer, type Limits, protocolName, type Sweep, tlsModule } from '@micro/frames';

export interface TcpListenerSettings {
  readonly tls: TlsOptions | undefined;
  readonly maxIncoming: number;
  readonly limits: Limits;
  readonly sweep: Sweep;
}

export class TcpListener implements Listener {
  readonly metadata: Metadata = noMetadata;
  readonly active = true;
  address = '';
  private readonly frames: FrameServer;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly onClosed: () => void;
  private stopped: Promise<void> | undefined;

  constructor(acceptor: Acceptor, settings: TcpListenerSettings, onClosed: () => void) {
    const { tls, limits, sweep, maxIncoming } = settings;
    this.onClosed = onClosed;
    this.frames = new FrameServer(acceptor, limits, sweep);
    const accept = (socket: Socket): void => this.frames.accept(socket);
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
    this.server =
      tls === undefined
        ? createServer(options, accept)
        : tlsModule().createServer(
            {
              ...options,
              ...tlsServerOptions(tls, limits.handshakeTimeoutMs),
              ALPNProtocols: [protocolName],
            },
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

  /** Binds the address. Rejects with `unavailable` when it is taken. */
  async start(options: ListenOptions): Promise<this> {
    this.address = await bind(this.server, options);
    this.server.on('error', (error) => report('plugin.warning', this.address, error));
    return this;
  }

  drain(): void {
    this.frames.drain();
  }

  async close(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { signal } = options;
    const destroy = (): void => this.destroy();
    this.stopped ??= new Promise((resolve) => this.server.close(() => resolve()));
    this.frames.close();
    // what is left then is still shaking hands
    if (this.frames.size === 0) destroy();
    if (signal?.aborted) destroy();
    signal?.addEventListener('abort', destroy, { once: true });
    await this.stopped;
    signal?.removeEventListener('abort', destroy);
    this.onClosed();
  }

  /** Ends everything at once, also what `close` waits for. */
  destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
