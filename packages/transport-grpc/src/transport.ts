import {
  type Acceptor,
  type Connection,
  type DialOptions,
  type Listener,
  type ListenOptions,
  MicroError,
  type Transport,
  type TransportFeature,
} from '@micro/core';
import { GrpcConnection } from './client-connection.ts';
import { GrpcListener } from './listener.ts';
import { type GrpcTransportOptions, settingsOf } from './options.ts';

const features: ReadonlySet<TransportFeature> = new Set(['streams', 'pushback', 'cancel', 'goaway']);

/**
 * Plain gRPC over HTTP/2, for TypeScript and go-micro services and any other gRPC client or server: one connection to
 * an address, shared by all calls and streams.
 */
export function grpcTransport(options: GrpcTransportOptions = {}): Transport {
  const settings = settingsOf(options);
  const connections = new Set<GrpcConnection>();
  const listeners = new Set<GrpcListener>();
  let closed = false;

  return {
    name: 'grpc',
    features,
    carries: 'bytes',

    async listen(acceptor: Acceptor, options: ListenOptions): Promise<Listener> {
      const { tls } = settings;
      if (tls !== undefined && (tls.cert === undefined || tls.key === undefined))
        throw new MicroError('bad_request', 'a server with TLS needs tls.cert and tls.key');
      if (closed) throw new MicroError('unavailable', 'the transport is closed');
      const listener = new GrpcListener(acceptor, settings, () => listeners.delete(listener));
      await listener.start(options);
      listeners.add(listener);
      if (!closed) return listener;
      await listener.close();
      throw new MicroError('unavailable', 'the transport was closed');
    },

    dial(address: string, options: DialOptions): Connection {
      const connection = new GrpcConnection(address, settings, options, () => connections.delete(connection));
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
