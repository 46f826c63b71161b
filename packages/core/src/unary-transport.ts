import { type Delivered, MicroError } from './errors.ts';
import type { Metadata } from './metadata.ts';
import type { Listener, Peer, Transport } from './transport.ts';
import { UnaryConnection } from './unary-connection.ts';
import { UnaryListener } from './unary-listener.ts';

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
  /** The calling service, as it names itself. */
  readonly from: string | undefined;
}

/** A request as it came off the wire: nothing is known of it yet. */
export type ReceivedRequest = { readonly [K in keyof UnaryRequest]?: unknown };

/** What comes back: the reply, or the error and whether the request has reached its handler. */
export type UnaryOutcome =
  | { readonly body: Uint8Array }
  | { readonly error: MicroError; readonly delivered: Delivered };

/**
 * Takes a request and gives its outcome; never rejects. What is no request is refused with `bad_request`. The
 * signal tells that the caller has left: then nobody reads the outcome.
 */
export type UnaryHandle = (
  request: ReceivedRequest,
  peer: Peer,
  signal: AbortSignal,
) => Promise<UnaryOutcome>;

export interface UnaryServer {
  /** With the real port. */
  readonly address: string;
  /**
   * Takes no more requests, and resolves when every outcome that `handle` has given has left and nothing is open;
   * all have been given by then. When the signal aborts it stops waiting. Called once.
   */
  close(signal: AbortSignal): Promise<void>;
}

export interface UnaryTransportDefinition {
  readonly name: string;
  /** Throws `bad_request` for an address that cannot be read. @default any text is an address */
  checkAddress?(address: string): void;
  /**
   * Carries the request to the address, and the outcome back. The signal aborts when nobody waits any more. A
   * rejection is `unavailable`, and counts as perhaps delivered; resolve with `delivered: 'no'` when it was not.
   */
  call(address: string, request: UnaryRequest, signal: AbortSignal): Promise<UnaryOutcome>;
  /** Resolves when requests to the server's address reach `handle`. A rejection is `unavailable`. */
  listen(address: string | undefined, handle: UnaryHandle): Promise<UnaryServer>;
  /** Frees what the calls share. */
  close?(): Promise<void>;
}

/**
 * A transport from two async functions: for client libraries that give promises, and as the first step of any
 * other. Unary calls only; streams are refused with `unimplemented`.
 */
export function unaryTransport(definition: UnaryTransportDefinition): Transport {
  const { name } = definition;
  const connections = new Set<UnaryConnection>();
  const listeners = new Set<UnaryListener>();
  let closing: Promise<void> | undefined;
  const check = (signal: AbortSignal | undefined): void => {
    if (closing !== undefined) throw new MicroError('unavailable', `transport "${name}" is closed`);
    if (signal?.aborted)
      throw new MicroError('canceled', 'listening was cancelled', { cause: signal.reason });
  };

  async function shut(): Promise<void> {
    for (const connection of connections) connection.destroy();
    const signal = AbortSignal.abort();
    await Promise.all([...listeners].map((listener) => listener.close({ signal })));
    await definition.close?.();
  }

  return {
    name,
    features: new Set(['cancel']),
    carries: 'bytes',
    async listen(acceptor, { address, signal }): Promise<Listener> {
      check(signal);
      const listener = new UnaryListener(acceptor, () => listeners.delete(listener));
      try {
        await listener.open(definition, address);
      } catch (error) {
        throw MicroError.from(error, 'unavailable');
      }
      listeners.add(listener);
      try {
        check(signal); // may have changed meanwhile
      } catch (error) {
        await listener.close({ signal: AbortSignal.abort() });
        throw error;
      }
      return listener;
    },
    dial(address, { from }) {
      definition.checkAddress?.(address);
      const connection = new UnaryConnection(definition, address, from, () => connections.delete(connection));
      if (closing === undefined) connections.add(connection);
      else connection.destroy();
      return connection;
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };
}
