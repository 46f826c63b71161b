import { now } from './clock.ts';
import { type Delivered, MicroError, remoteError } from './errors.ts';
import { cut, MemoryStream } from './memory-stream.ts';
import { type Metadata, noMetadata } from './metadata.ts';
import { definePlugin } from './plugins.ts';
import type { ReplyMetadata } from './reply.ts';
import type {
  Acceptor,
  Body,
  Connection,
  DialOptions,
  IncomingCall,
  Listener,
  OutgoingCall,
  OutgoingStream,
  Peer,
  Route,
  StreamSink,
  Target,
  Transport,
  Work,
} from './transport.ts';

export interface MemoryTransportOptions {
  /** Transports of one process with the same network reach each other. @default 'default' */
  readonly network?: string | undefined;
}

/** A listener inside the process, and the work it has accepted. */
interface Listening {
  readonly acceptor: Acceptor;
  readonly connections: Set<MemoryConnection>;
  open: boolean;
}
type Network = Map<string, Listening>;
const networks = new Map<string, Network>();
let lastPort = 0;

/** Calls inside the process: messages are handed over by reference, so neither side may change them. */
export function memoryTransport(options: MemoryTransportOptions = {}): Transport {
  const name = options.network ?? 'default';
  const network: Network = networks.get(name) ?? new Map();
  networks.set(name, network);
  const listeners = new Set<Listener>();
  const connections = new Set<MemoryConnection>();
  let closed = false;
  const refuseClosed = (): void => {
    if (closed) throw new MicroError('unavailable', 'the memory transport is closed');
  };
  return {
    name: 'memory',
    features: new Set(['streams', 'pushback', 'cancel', 'goaway', 'reply-metadata']),
    carries: 'values',
    async listen(acceptor, { address: wanted, signal }) {
      refuseClosed();
      if (signal?.aborted)
        throw new MicroError('canceled', 'listening was cancelled', { cause: signal.reason });
      const address = wanted === undefined || wanted.endsWith(':0') ? `memory:${++lastPort}` : wanted;
      if (network.has(address))
        throw new MicroError('unavailable', `address "${address}" is taken in this process`);
      const listening: Listening = { acceptor, connections: new Set(), open: true };
      network.set(address, listening);
      const listener: Listener = {
        address,
        metadata: noMetadata,
        active: true,
        drain() {
          for (const connection of listening.connections) connection.leaving = true;
        },
        async close() {
          listening.open = false;
          if (network.get(address) === listening) network.delete(address);
          for (const connection of listening.connections) connection.lose();
          listeners.delete(listener);
        },
      };
      listeners.add(listener);
      return listener;
    },
    dial(address, dialOptions) {
      refuseClosed();
      const connection = new MemoryConnection(network, address, dialOptions, () =>
        connections.delete(connection),
      );
      connections.add(connection);
      return connection;
    },
    async close() {
      closed = true;
      for (const connection of connections) connection.destroy();
      await Promise.all([...listeners].map((listener) => listener.close()));
    },
  };
}

class MemoryConnection implements Connection {
  readonly address: string;
  readonly peer: Peer;
  leaving = false;
  private readonly network: Network;
  private readonly onClosed: () => void;
  private listening: Listening | undefined;
  private routes: (Route | undefined)[] = [];
  private readonly calls: (MemoryCall | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly streams = new Set<MemoryStream>();
  private closed = false;
  private idle: Promise<void> | undefined;
  private whenIdle: (() => void) | undefined;

  constructor(network: Network, address: string, { from }: DialOptions, onClosed: () => void) {
    this.network = network;
    this.address = address;
    this.peer = { address: 'memory', service: from };
    this.onClosed = onClosed;
  }

  get state(): Connection['state'] {
    if (this.closed) return 'closed';
    if (this.listening === undefined) return 'idle';
    return this.leaving ? 'leaving' : 'ready';
  }

  request(call: OutgoingCall): void {
    const listening = this.connect();
    if (listening === undefined) {
      queueMicrotask(() => call.fail(this.nobody(), 'no'));
      return;
    }
    const incoming = new MemoryCall(this, call);
    const slot = this.free.pop() ?? this.calls.length;
    call.slot = slot;
    this.calls[slot] = incoming;
    incoming.work = listening.acceptor.call(this.route(listening, call.target), incoming);
  }

  cancel(call: OutgoingCall): void {
    const incoming = this.calls[call.slot];
    if (incoming?.call !== call) return;
    this.release(incoming);
    incoming.work?.cancel();
  }

  open(stream: OutgoingStream): StreamSink {
    const listening = this.connect();
    const pair = new MemoryStream(stream, () => {
      this.streams.delete(pair);
      this.settle();
    });
    if (listening === undefined) {
      pair.serverSink.abort(this.nobody(), 'no');
      return pair.clientSink;
    }
    this.streams.add(pair);
    const { deadline, target, metadata = noMetadata } = stream;
    const incoming = { remainingMs: remaining(deadline), metadata, peer: this.peer, sink: pair.serverSink };
    pair.accept(listening.acceptor.stream(this.route(listening, target), incoming));
    return pair.clientSink;
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.busy) {
      this.idle ??= new Promise((resolve) => {
        this.whenIdle = resolve;
      });
      await this.idle;
    }
    this.forget();
    this.onClosed();
  }

  destroy(): void {
    this.closed = true;
    this.lose();
    this.onClosed();
  }

  /** The listener is gone: what is under way fails, and the next call looks for another. */
  lose(): void {
    this.forget();
    for (const incoming of [...this.calls]) {
      if (incoming === undefined) continue;
      this.release(incoming);
      incoming.work?.cancel();
      queueMicrotask(() => incoming.call.fail(cut(this.address), 'maybe'));
    }
    for (const stream of this.streams) stream.break(cut(this.address), 'maybe');
  }

  /** Whether the call was still under way. */
  release(incoming: MemoryCall): boolean {
    const { slot } = incoming.call;
    if (this.calls[slot] !== incoming) return false;
    this.calls[slot] = undefined;
    this.free.push(slot);
    if (this.closed) this.settle();
    return true;
  }

  private get busy(): boolean {
    return this.calls.length > this.free.length || this.streams.size > 0;
  }

  private settle(): void {
    if (!this.busy) this.whenIdle?.();
  }

  private connect(): Listening | undefined {
    if (this.closed) return undefined;
    if (this.listening?.open && !this.leaving) return this.listening;
    const found = this.network.get(this.address);
    if (found !== this.listening) {
      this.forget();
      this.listening = found;
      found?.connections.add(this);
    }
    return found;
  }

  private forget(): void {
    this.listening?.connections.delete(this);
    this.listening = undefined;
    this.leaving = false;
    this.routes = [];
  }

  private route({ acceptor }: Listening, { index, service, endpoint, contentType }: Target): Route {
    const known = this.routes[index];
    if (known !== undefined && index !== 0) return known;
    const route = acceptor.route(service, endpoint, contentType);
    if (route.found && index !== 0) this.routes[index] = route;
    return route;
  }

  private nobody(): MicroError {
    const reason = this.closed
      ? 'the connection is closed'
      : `nobody listens at "${this.address}" in this process`;
    return remoteError('unavailable', reason, { id: 'go.micro.transport' });
  }
}

/** A call on its way through a connection, seen from the server. */
class MemoryCall implements IncomingCall {
  readonly call: OutgoingCall;
  readonly remainingMs: number;
  work: Work | undefined;
  private readonly connection: MemoryConnection;

  constructor(connection: MemoryConnection, call: OutgoingCall) {
    this.connection = connection;
    this.call = call;
    this.remainingMs = remaining(call.deadline);
  }

  get body(): Body {
    return this.call.body;
  }

  get metadata(): Metadata {
    return this.call.metadata ?? noMetadata;
  }

  get peer(): Peer {
    return this.connection.peer;
  }

  reply(body: Body, metadata?: ReplyMetadata): void {
    if (this.connection.release(this)) this.call.done(body, metadata);
  }

  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void {
    if (this.connection.release(this)) this.call.fail(error, delivered, metadata);
  }
}

function remaining(deadline: number): number {
  return deadline === 0 ? 0 : Math.max(1, deadline - now());
}

definePlugin('transport', 'memory', { package: '@micro/core', create: memoryTransport });
