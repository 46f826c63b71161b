import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  type Acceptor,
  type Listener,
  type ListenOptions,
  type Metadata,
  MicroError,
  noMetadata,
  type Route,
  report,
} from '@micro/core';
import { formatAddress, parseAddress, type SocketAddress, tlsServerOptions } from '@micro/core/plugin';
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
  readonly metadata: Metadata = noMetadata;
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

  constructor(acceptor: Acceptor, settings: Settings, onClosed: () => void) {
    const { tls, headTimeoutMs, progressTimeoutMs, writeTimeoutMs, idleTimeoutMs } = settings;
    this.acceptor = acceptor;
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
        : createTlsServer(
            { ...options, ...tlsServerOptions(tls, headTimeoutMs), ALPNProtocols: ['http/1.1'] },
            accept,
          );
    this.server.maxConnections = settings.maxIncoming;
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.server.on('tlsClientError', (error) => report('transport.protocol_error', this.address, error));
    this.server.on('drop', () =>
      report('plugin.warning', `${this.address}: a connection beyond maxIncoming was dropped`),
    );
  }

  /** Binds the address. Rejects with `unavailable` when it is taken. */
  async start(options: ListenOptions): Promise<this> {
    const { signal } = options;
    const address = parseAddress(options.address ?? ':0');
    const { server } = this;
    await new Promise<void>((resolve, reject) => {
      const refuse = (cause: Error): void => reject(cannotListen(address, cause));
      const abort = (): void => {
        server.close();
        reject(
          new MicroError('canceled', `listening on ${address.text} was aborted`, { cause: signal?.reason }),
        );
      };
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      server.once('error', refuse);
      server.listen(
        address.path === undefined ? { host: address.host, port: address.port } : { path: address.path },
        () => {
          signal?.removeEventListener('abort', abort);
          server.off('error', refuse);
          resolve();
        },
      );
    });
    server.on('error', (error) => report('plugin.warning', this.address, error));
    const bound = server.address();
    this.address =
      typeof bound === 'object' && bound !== null ? formatAddress(bound.address, bound.port) : address.text;
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
  }

  async close(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { signal } = options;
    const destroy = (): void => this.destroy();
    this.draining = this.closing = true;
    for (const connection of this.connections) connection.finish();
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

  private accept(socket: Socket): void {
    const connection = new ServerConnection(this, socket);
    this.connections.add(connection);
    socket.on('close', () => this.connections.delete(connection));
  }

  private check(): void {
    for (const connection of this.connections) connection.check();
    // what is left then is still shaking hands
    if (this.closing && this.connections.size === 0) this.destroy();
  }
}

function cannotListen(address: SocketAddress, cause: Error & { readonly code?: string }): MicroError {
  const what =
    cause.code === 'EADDRINUSE'
      ? address.path === undefined
        ? `port ${address.port} is taken: stop who listens there, choose another, or port 0 for any free one`
        : 'the path exists: remove it if no process listens there'
      : cause.message;
  return new MicroError('unavailable', `cannot listen on ${address.text}: ${what}`, { cause });
}
