import { MicroError } from './errors.ts';
import type { TlsOptions } from './tls.ts';
import type {
  Acceptor,
  Connection,
  DialOptions,
  Listener,
  ListenOptions,
  Transport,
  TransportFeature,
} from './transport.ts';

/** A listener before it listens. */
export interface SocketListener extends Listener {
  /** Binds the address. Rejects with `unavailable` when it is taken. */
  start(options: ListenOptions): Promise<unknown>;
  /** Ends everything at once, also what `close` waits for. */
  destroy(): void;
}

/** What differs between transports over sockets of their own; `onClosed` is called when one is closed or destroyed. */
export interface SocketTransportDefinition {
  readonly name: string;
  readonly features: ReadonlySet<TransportFeature>;
  readonly tls: TlsOptions | undefined;
  listener(acceptor: Acceptor, onClosed: () => void): SocketListener;
  /** Throws `bad_request` for an address that cannot be read. Closing what was destroyed waits for its sockets. */
  connection(address: string, options: DialOptions, onClosed: () => void): Connection;
}

/** Keeps the listeners and connections of a transport, and ends what is left when it is closed. */
export function socketTransport(definition: SocketTransportDefinition): Transport {
  const { name, features, tls } = definition;
  const connections = new Set<Connection>();
  const listeners = new Set<SocketListener>();
  let closed = false;

  return {
    name,
    features,
    carries: 'bytes',

    async listen(acceptor: Acceptor, options: ListenOptions): Promise<Listener> {
      if (tls !== undefined && (tls.cert === undefined || tls.key === undefined))
        throw new MicroError('bad_request', 'a server with TLS needs tls.cert and tls.key');
      if (closed) throw new MicroError('unavailable', 'the transport is closed');
      const listener = definition.listener(acceptor, () => listeners.delete(listener));
      await listener.start(options);
      listeners.add(listener);
      if (!closed) return listener;
      await listener.close();
      throw new MicroError('unavailable', 'the transport was closed');
    },

    dial(address: string, options: DialOptions): Connection {
      const connection = definition.connection(address, options, () => connections.delete(connection));
      if (closed) connection.destroy();
      else connections.add(connection);
      return connection;
    },

    async close(): Promise<void> {
      closed = true;
      const ending = [...listeners].map((listener) => {
        const closing = listener.close();
        listener.destroy();
        return closing;
      });
      for (const connection of [...connections]) {
        connection.destroy();
        ending.push(connection.close());
      }
      await Promise.all(ending);
    },
  };
}
