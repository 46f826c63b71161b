import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  type ConnectionInjector,
  Server as GrpcServer,
  ServerCredentials,
  type ServerInterceptingCallInterface,
} from '@grpc/grpc-js';
import {
  type Acceptor,
  type Listener,
  type ListenOptions,
  type Metadata,
  MicroError,
  report,
} from '@micro/core';
import { formatAddress, parseAddress, tlsServerOptions } from '@micro/core/plugin';
import { bind } from './bind.ts';
import { MucpServer } from './mucp-server.ts';
import { anyPath, type Opening, onOpening } from './opening.ts';
import type { Settings } from './options.ts';
import { Routing } from './routing.ts';
import type { ServedBy, ServedCall } from './server-call.ts';
import { ServerStream } from './server-stream.ts';
import { ServerUnary } from './server-unary.ts';
import { Services } from './services.ts';
import { readTimeout } from './timeout.ts';

/** In the place of "never", which grpc-js's drain does not know. */
const never = 2 ** 31 - 1;

export class GrpcListener implements Listener, ServedBy {
  /** As go-micro's gRPC server registers itself (go-micro v4 plugins: server/grpc/grpc.go). */
  readonly metadata: Metadata = Object.freeze({ server: 'grpc', protocol: 'grpc', transport: 'grpc' });
  readonly active = true;
  readonly maxMessageBytes: number;
  address = '';
  private readonly settings: Settings;
  private readonly onClosed: () => void;
  private readonly services: Services;
  private readonly mucp: MucpServer;
  private readonly routing: Routing;
  private readonly server: Server;
  private readonly grpc: GrpcServer;
  private readonly injector: ConnectionInjector;
  private readonly sockets = new Set<Socket>();
  private readonly calls = new Set<ServedCall>();
  /** The call that grpc-js makes its object of just now. */
  private opening: Opening | undefined;
  private stopped: Promise<void> | undefined;

  /** Throws `bad_request` for descriptors that cannot be read. */
  constructor(acceptor: Acceptor, settings: Settings, onClosed: () => void) {
    this.settings = settings;
    this.onClosed = onClosed;
    this.maxMessageBytes = settings.maxMessageBytes;
    this.mucp = new MucpServer(acceptor, settings.maxMessageBytes);
    this.services = new Services(acceptor.endpoints, settings.reflection, this.mucp.methods);
    this.routing = new Routing(acceptor, this.services);
    this.grpc = new GrpcServer({
      'grpc.max_receive_message_length': settings.maxMessageBytes,
      'grpc.max_concurrent_streams': settings.maxConcurrentStreams,
      'grpc.keepalive_time_ms': settings.incomingKeepaliveMs,
      'grpc.keepalive_timeout_ms': settings.keepaliveTimeoutMs,
      'grpc.max_connection_idle_ms': settings.idleTimeoutMs,
      'grpc.enable_channelz': 0,
      interceptors: [(_method, call) => this.accept(call)],
    });
    onOpening(this.grpc, (opening) => {
      this.opening = opening;
    });
    const same = (message: Buffer): Buffer => message;
    this.grpc.register<Buffer, Buffer>(anyPath, () => undefined, same, same, 'unary');
    this.injector = this.grpc.createConnectionInjector(ServerCredentials.createInsecure());
    this.server = this.socketServer();
  }

  /** Binds the address. Rejects with `unavailable` when it is taken. */
  async start({ address = ':0', signal }: ListenOptions): Promise<this> {
    const wanted = parseAddress(address);
    const bound = await bind(this.server, wanted, signal);
    this.address = bound === undefined ? wanted.text : formatAddress(bound.address, bound.port);
    this.mucp.address = this.address;
    this.server.on('error', (error) => report('plugin.warning', this.address, error));
    return this;
  }

  add(call: ServedCall): void {
    this.calls.add(call);
  }

  forget(call: ServedCall): void {
    this.calls.delete(call);
  }

  /** GOAWAY to all who are connected. New connections are still taken, for what comes to be refused. */
  drain(): void {
    this.services.leave();
    this.injector.drain(never);
  }

  async close({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    this.stopped ??= this.stop();
    const destroy = (): void => this.destroy();
    if (signal?.aborted) destroy();
    signal?.addEventListener('abort', destroy, { once: true });
    await this.stopped;
    signal?.removeEventListener('abort', destroy);
  }

  /** Ends everything at once, also what `close` waits for. */
  destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.services.leave();
    await this.mucp.close();
    const error = new MicroError('unavailable', `the listener at ${this.address} was closed`);
    for (const call of [...this.calls]) call.close(error);
    this.injector.destroy();
    const limit = setTimeout(() => this.destroy(), this.settings.closeTimeoutMs);
    await closed;
    clearTimeout(limit);
    this.grpc.forceShutdown();
    this.onClosed();
  }

  private accept(call: ServerInterceptingCallInterface): ServerUnary | ServerStream {
    const { opening } = this;
    this.opening = undefined;
    if (opening === undefined) throw new MicroError('internal', 'a call without its headers');
    let remainingMs = 0;
    let routed = this.routing.of(opening.path, opening.grpcType);
    try {
      remainingMs = readTimeout(opening.headers);
    } catch (error) {
      routed = this.routing.refusal(MicroError.from(error));
    }
    const parts = { owner: this, opening, remainingMs, ...routed };
    return routed.route.kind === 'unary' ? new ServerUnary(call, parts) : new ServerStream(call, parts);
  }

  private socketServer(): Server {
    const { tls, connectTimeoutMs, maxIncoming } = this.settings;
    const options = { noDelay: true };
    const accept = (socket: Socket): void => this.injector.injectConnection(socket);
    const server =
      tls === undefined
        ? createServer(options, accept)
        : createTlsServer(
            { ...options, ...tlsServerOptions(tls, connectTimeoutMs), ALPNProtocols: ['h2'] },
            accept,
          );
    server.maxConnections = maxIncoming;
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('error', (error) => report('transport.protocol_error', this.address, error));
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.on('tlsClientError', (error) => report('transport.protocol_error', this.address, error));
    server.on('drop', () =>
      report('plugin.warning', `${this.address}: a connection beyond maxIncoming was dropped`),
    );
    return server;
  }
}
