import type {
  Acceptor,
  Body,
  Delivered,
  IncomingCall,
  IncomingStream,
  MicroError,
  OutgoingCall,
  OutgoingStream,
  Route,
  StreamKind,
  StreamReceiver,
  Target,
} from '@micro/core';
import {
  connectSocket,
  explain,
  FrameClient,
  FrameServer,
  limitsOf,
  SocketServer,
  Sweep,
  shortestOf,
} from '../src/index.ts';
import type { FrameOptions } from '../src/limits.ts';

interface Served {
  readonly route: Route;
  readonly call: IncomingCall;
  cancelled: boolean;
}

/** Stands for core's server: echoes, unless the endpoint says otherwise. */
export class TestAcceptor implements Acceptor {
  readonly endpoints = [];
  readonly routes: string[][] = [];
  readonly calls: Served[] = [];
  readonly streams: { readonly stream: IncomingStream; readonly told: unknown[] }[] = [];
  onStream: ((stream: IncomingStream) => Partial<StreamReceiver>) | undefined;

  route(service: string, endpoint: string, contentType: string): Route {
    this.routes.push([service, endpoint, contentType]);
    const kind = endpoint === 'Test.bidi' ? 'bidi' : 'unary';
    return { found: endpoint !== 'Test.none', kind, text: contentType === 'application/json' };
  }
  call(route: Route, call: IncomingCall): { cancel(): void } {
    const served = { route, call, cancelled: false };
    this.calls.push(served);
    if (this.echoes) setImmediate(() => call.reply(call.body));
    return {
      cancel() {
        served.cancelled = true;
      },
    };
  }
  echoes = true;
  stream(_route: Route, stream: IncomingStream): StreamReceiver {
    const told: unknown[] = [];
    this.streams.push({ stream, told });
    const more = this.onStream?.(stream);
    return {
      message(body) {
        told.push(body);
        more?.message?.(body);
      },
      end() {
        told.push('end');
        more?.end?.();
      },
      fail(error, delivered) {
        told.push(error);
        more?.fail?.(error, delivered);
      },
      drained() {
        more?.drained?.();
      },
    };
  }
}

let lastIndex = 0;
const known = new Map<string, Target>();
export function target(endpoint: string, contentType = 'application/json'): Target {
  const key = `${endpoint} ${contentType}`;
  let found = known.get(key);
  if (found === undefined) {
    const text = contentType === 'application/json';
    found = { index: ++lastIndex, service: 'greeter', endpoint, contentType, text };
    known.set(key, found);
  }
  return found;
}

export interface Failure {
  readonly error: MicroError;
  readonly delivered: Delivered;
}

/** A call of a test: resolves to the reply, or to how it failed. */
export class TestCall implements OutgoingCall {
  readonly target: Target;
  readonly body: Body;
  readonly deadline = 0;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  slot = -1;
  outcomes = 0;
  readonly outcome: Promise<Body | Failure>;
  private resolve: (outcome: Body | Failure) => void = () => undefined;

  constructor(of: Target, body: Body, metadata?: Readonly<Record<string, string>>) {
    this.target = of;
    this.body = body;
    this.metadata = metadata;
    this.outcome = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }
  done(body: Body): void {
    this.outcomes++;
    this.resolve(body);
  }
  fail(error: MicroError, delivered: Delivered): void {
    this.outcomes++;
    this.resolve({ error, delivered });
  }
}

export function send(client: FrameClient, of: Target, body: Body): TestCall {
  const call = new TestCall(of, body);
  client.request(call);
  return call;
}

export class TestStream implements OutgoingStream {
  readonly kind: StreamKind;
  readonly target: Target;
  readonly deadline = 0;
  readonly metadata = undefined;
  readonly told: unknown[] = [];
  drains = 0;

  constructor(kind: StreamKind, of: Target) {
    this.kind = kind;
    this.target = of;
  }
  message(body: Body): void {
    this.told.push(body);
  }
  end(): void {
    this.told.push('end');
  }
  fail(error: MicroError): void {
    this.told.push(error);
  }
  drained(): void {
    this.drains++;
  }
}

/** A server and what dials it, over real sockets; closed together. */
export interface World {
  readonly acceptor: TestAcceptor;
  readonly port: number;
  readonly frames: FrameServer;
  client(options?: FrameOptions, port?: number): FrameClient;
  close(): Promise<void>;
}

export async function world(options: FrameOptions = {}): Promise<World> {
  const acceptor = new TestAcceptor();
  const limits = limitsOf(options);
  const sweep = new Sweep(shortestOf(limits));
  const frames = new FrameServer(acceptor, limits, sweep);
  const server = new SocketServer(
    { tls: undefined, protocols: [], handshakeTimeoutMs: 5000, maxIncoming: 1000 },
    (socket) => frames.accept(socket),
  );
  const address = await server.start({ address: '127.0.0.1:0' });
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  const clients: FrameClient[] = [];
  return {
    acceptor,
    port,
    frames,
    client(options = {}, to = port) {
      const limits = limitsOf(options);
      const client = new FrameClient({
        address: `127.0.0.1:${to}`,
        service: 'caller',
        limits,
        sweep: new Sweep(shortestOf(limits)),
        connect: (ready) =>
          connectSocket({ text: '', host: '127.0.0.1', port: to, path: undefined }, undefined, [], ready),
        explain: (error) => explain(error, false),
        onClosed: () => undefined,
      });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      await Promise.all(clients.map((client) => client.close()));
      frames.close();
      await server.close(undefined);
    },
  };
}
