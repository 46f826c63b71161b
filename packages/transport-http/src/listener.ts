import { createServer, type Server, type Socket } from 'node:net';
import {
  type Acceptor,
  type Listener,
  type ListenOptions,
  type Metadata,
  noMetadata,
  type Route,
  report,
} from '@micro/core';
import { tlsServerOptions } from '@micro/core/plugin';
import { bind, FrameServer, type Sweep as FrameSweep, protocolName, tlsModule } from '@micro/frames';
import { framesKey, framesVersion } from './either.ts';
import { type Head, HeadParser } from './head.ts';
import type { Settings } from './options.ts';
import { ServerConnection } from './server-connection.ts';
import { Sweep } from './sweep.ts';

const maxRoutes = 1024;
interface Kept {
  readonly service: string;
  readonly type: string;
  readonly route: Route;
}

export class HttpListener implements Listener {
  readonly metadata: Metadata;
  /** The connections that speak frames; undefined: that is switched off. */
  readonly frames: FrameServer | undefined;
  readonly active = true;
  readonly settings: Settings;
  readonly acceptor: Acceptor;
  readonly parser: HeadParser;
  readonly sweep: Sweep;
  /** Whether answers say that the connection closes. */
  draining = false;
  address = '';
  /** The time limits of a connection, in ticks of the sweep. */
  readonly limits: {
    readonly head: number;
    readonly progress: number;
    readonly write: number;
    readonly idle: number;
  };
  private closing = false;
  private readonly onClosed: () => void;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly connections = new Set<ServerConnection>();
  private readonly routes = new Map<string, Kept>();
  private stopped: Promise<void> | undefined;

  constructor(acceptor: Acceptor, settings: Settings, frameSweep: FrameSweep, onClosed: () => void) {
    const { tls, headTimeoutMs, progressTimeoutMs, writeTimeoutMs, idleTimeoutMs } = settings;
    this.acceptor = acceptor;
    this.frames =
      settings.frames === undefined ? undefined : new FrameServer(acceptor, settings.frames, frameSweep);
    this.metadata = this.frames === undefined ? noMetadata : { [framesKey]: framesVersion };
    this.onClosed = onClosed;
    this.settings = settings;
    this.parser = new HeadParser('request', settings);
    this.sweep = new Sweep(Math.min(headTimeoutMs, progressTimeoutMs, writeTimeoutMs, idleTimeoutMs), () =>
      this.check(),
    );
    this.limits = {
      head: this.sweep.ticks(headTimeoutMs),
      progress: this.sweep.ticks(progressTimeoutMs),
      write: this.sweep.ticks(writeTimeoutMs),
      idle: this.sweep.ticks(idleTimeoutMs),
    };
    const accept = (socket: Socket): void => this.accept(socket);
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
    this.server =
      tls === undefined
        ? createServer(options, accept)
        : tlsModule().createServer(
            {
              ...options,
              ...tlsServerOptions(tls, headTimeoutMs),
              ALPNProtocols: this.frames === undefined ? ['http/1.1'] : [protocolName, 'http/1.1'],
            },
            accept,
          );
    this.server.maxConnections = settings.maxIncoming;
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
    const { server } = this;
    this.address = await bind(server, options);
    server.on('error', (error) => report('plugin.warning', this.address, error));
    this.sweep.start();
    return this;
  }

  /** The route of a request; those in use are remembered. */
  route(head: Head): Route {
    const { service, type } = head;
    const endpoint = head.endpoint || head.method;
    const kept = this.routes.get(endpoint);
    if (kept !== undefined && kept.service === service && kept.type === type) return kept.route;
    // go-micro reads a message without a content type as protobuf, in every version
    const route = this.acceptor.route(service, endpoint, type || 'application/protobuf');
    if (route.found && this.routes.size < maxRoutes) this.routes.set(endpoint, { service, type, route });
    return route;
  }

  /** Answers say from now on that their connection closes. New connections are still taken, to be told the same. */
  drain(): void {
    this.draining = true;
    this.frames?.drain();
  }

  async close(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { signal } = options;
    const destroy = (): void => this.destroy();
    this.draining = this.closing = true;
    for (const connection of this.connections) connection.finish();
    this.frames?.close();
    if (signal?.aborted) destroy();
    signal?.addEventListener('abort', destroy, { once: true });
    this.stopped ??= new Promise((resolve) => this.server.close(() => resolve()));
    await this.stopped;
    signal?.removeEventListener('abort', destroy);
    this.sweep.stop();
    this.onClosed();
  }

  /** Ends everything at once, also what `close` waits for. */
  destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** A connection speaks frames. `first`: what was read of them already. */
  handOver(connection: ServerConnection, first: Uint8Array | undefined): void {
    this.connections.delete(connection);
    this.frames?.accept(connection.socket, first);
  }

  private accept(socket: Socket): void {
    const connection = new ServerConnection(this, socket);
    this.connections.add(connection);
    socket.on('close', () => this.connections.delete(connection));
  }

  private check(): void {
    for (const connection of this.connections) connection.check();
    // what is left then is still shaking hands
    if (this.closing && this.connections.size === 0 && (this.frames?.size ?? 0) === 0) this.destroy();
  }
}
