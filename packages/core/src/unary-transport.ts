import { now } from './clock.ts';
import { type Delivered, MicroError, remoteError } from './errors.ts';
import { type Metadata, mergeMetadata, noMetadata } from './metadata.ts';
import type {
  Acceptor,
  Body,
  Connection,
  IncomingCall,
  Listener,
  OutgoingCall,
  OutgoingStream,
  Peer,
  StreamSink,
  Transport,
} from './transport.ts';

/** A call as the author of a simple transport sees it: plain data, to be carried to the other side. */
export interface UnaryRequest {
  readonly service: string;
  /** `Greeter.Hello` */
  readonly endpoint: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly metadata: Metadata;
  /** What is left of the caller's deadline, in ms; 0: it has none. */
  readonly timeoutMs: number;
}

/** What comes back: the reply, or the error and whether the request has reached its handler. */
export type UnaryOutcome =
  | { readonly body: Uint8Array }
  | { readonly error: MicroError; readonly delivered: Delivered };

export interface UnaryTransportDefinition {
  readonly name: string;
  /**
   * Carries the request to the address, and the outcome back. The signal aborts when nobody waits any more. A
   * rejection is `unavailable`, and counts as perhaps delivered; resolve with `delivered: 'no'` when it was not.
   */
  call(address: string, request: UnaryRequest, signal: AbortSignal): Promise<UnaryOutcome>;
  /** Hands every request to `handle`, which never rejects; `signal` tells it that the caller has left. */
  listen(
    address: string | undefined,
    handle: (request: UnaryRequest, peer: Peer, signal: AbortSignal) => Promise<UnaryOutcome>,
  ): Promise<{ readonly address: string; close(): Promise<void> }>;
  close?(): Promise<void>;
}

/**
 * A transport from two async functions: for client libraries that give promises, and as the first step of any
 * other. Unary calls only; streams are refused with `unimplemented`.
 */
export function unaryTransport(definition: UnaryTransportDefinition): Transport {
  const connections = new Set<UnaryConnection>();
  const listeners = new Set<Listener>();
  let closed = false;
  return {
    name: definition.name,
    features: new Set(['cancel']),
    carries: 'bytes',
    async listen(acceptor, { address }) {
      if (closed) throw new MicroError('unavailable', `transport "${definition.name}" is closed`);
      const server = await definition.listen(address, (request, peer, signal) =>
        accept(acceptor, request, peer, signal),
      );
      const listener: Listener = {
        address: server.address,
        metadata: noMetadata,
        active: true,
        drain: () => undefined,
        async close() {
          listeners.delete(listener);
          await server.close();
        },
      };
      listeners.add(listener);
      return listener;
    },
    dial(address) {
      const connection = new UnaryConnection(definition, address, () => connections.delete(connection));
      if (closed) connection.destroy();
      else connections.add(connection);
      return connection;
    },
    async close() {
      closed = true;
      for (const connection of connections) connection.destroy();
      await Promise.all([...listeners].map((listener) => listener.close()));
      await definition.close?.();
    },
  };
}

const utf8 = new TextEncoder();
const bytesOf = (body: Body): Uint8Array => (typeof body === 'string' ? utf8.encode(body) : body);

class UnaryConnection implements Connection {
  readonly address: string;
  state: Connection['state'] = 'ready';
  private readonly definition: UnaryTransportDefinition;
  private readonly onClosed: () => void;
  private readonly calls = new Map<OutgoingCall, AbortController>();
  private whenIdle: (() => void) | undefined;

  constructor(definition: UnaryTransportDefinition, address: string, onClosed: () => void) {
    this.definition = definition;
    this.address = address;
    this.onClosed = onClosed;
  }

  request(call: OutgoingCall): void {
    // Owned: run ends the call whatever happens, and never rejects
    void this.run(call);
  }

  cancel(call: OutgoingCall): void {
    const controller = this.calls.get(call);
    this.forget(call);
    controller?.abort();
  }

  open(stream: OutgoingStream): StreamSink {
    const { name } = this.definition;
    const error = remoteError('unimplemented', `transport "${name}" has no streams`, {
      id: 'go.micro.transport',
    });
    queueMicrotask(() => stream.fail(error, 'no'));
    return { write: () => true, end() {}, abort() {}, pause() {}, resume() {} };
  }

  async close(): Promise<void> {
    this.state = 'closed';
    if (this.calls.size > 0) {
      await new Promise<void>((resolve) => {
        this.whenIdle = resolve;
      });
    }
    this.onClosed();
  }

  destroy(): void {
    this.state = 'closed';
    const calls = [...this.calls];
    for (const [call, controller] of calls) {
      this.forget(call);
      controller.abort();
      queueMicrotask(() => call.fail(this.gone(), 'maybe'));
    }
    this.onClosed();
  }

  private async run(call: OutgoingCall): Promise<void> {
    const { service, endpoint, contentType, text } = call.target;
    const timeoutMs = call.deadline === 0 ? 0 : Math.max(1, call.deadline - now());
    const { metadata = noMetadata } = call;
    const controller = new AbortController();
    this.calls.set(call, controller);
    let outcome: UnaryOutcome;
    await null; // neither done nor fail before request has returned
    try {
      if (this.state === 'closed') outcome = { error: this.gone(), delivered: 'no' };
      else {
        const request = { service, endpoint, contentType, body: bytesOf(call.body), metadata, timeoutMs };
        outcome = await this.definition.call(this.address, request, controller.signal);
      }
    } catch (error) {
      outcome = { error: MicroError.from(error, 'unavailable'), delivered: 'maybe' };
    }
    if (!this.forget(call)) return;
    if ('error' in outcome) call.fail(outcome.error, outcome.delivered);
    else call.done(text ? Buffer.from(outcome.body).toString('utf8') : outcome.body);
  }

  private forget(call: OutgoingCall): boolean {
    const known = this.calls.delete(call);
    if (this.calls.size === 0) this.whenIdle?.();
    return known;
  }

  private gone(): MicroError {
    return remoteError('unavailable', `the connection to ${this.address} is closed`, {
      id: 'go.micro.transport',
    });
  }
}

function accept(
  acceptor: Acceptor,
  request: UnaryRequest,
  peer: Peer,
  signal: AbortSignal,
): Promise<UnaryOutcome> {
  const route = acceptor.route(request.service, request.endpoint, request.contentType);
  return new Promise((resolve) => {
    const call: IncomingCall = {
      body: route.text ? Buffer.from(request.body).toString('utf8') : request.body,
      remainingMs: request.timeoutMs,
      metadata: mergeMetadata(undefined, request.metadata),
      peer,
      reply: (body) => resolve({ body: bytesOf(body) }),
      fail: (error, delivered) => resolve({ error, delivered }),
    };
    const work = acceptor.call(route, call);
    const leave = (): void => {
      work.cancel();
      resolve({ error: remoteError('canceled', 'the caller has left'), delivered: 'yes' });
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
}
