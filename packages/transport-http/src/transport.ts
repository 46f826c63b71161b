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
import { parseAddress } from '@micro/core/plugin';
import { Sweep, shortestOf } from '@micro/frames';
import { EitherConnection } from './either.ts';
import { HttpListener } from './listener.ts';
import { type HttpTransportOptions, settingsOf } from './options.ts';
import { Pool } from './pool.ts';

const features: ReadonlySet<TransportFeature> = new Set(['streams', 'pushback', 'cancel']);

/**
 * go-micro's HTTP transport: `POST /` with `Micro-*` headers over HTTP/1.1, and streams on connections of their
 * own. Behind an address stands a pool, for one connection carries one call at a time.
 */
export function httpTransport(options: HttpTransportOptions = {}): Transport {
  const settings = settingsOf(options);
  const { frames } = settings;
  const sweep = new Sweep(frames === undefined ? 1000 : shortestOf(frames));
  const dialled = new Set<Pool | EitherConnection>();
  const listeners = new Set<HttpListener>();
  let closed = false;

  return {
    name: 'http',
    features,
    carries: 'bytes',

    async listen(acceptor: Acceptor, options: ListenOptions): Promise<Listener> {
      if (settings.tls !== undefined && (settings.tls.cert === undefined || settings.tls.key === undefined)) {
        throw new MicroError('bad_request', 'a server with TLS needs tls.cert and tls.key');
      }
      const listener = new HttpListener(acceptor, settings, sweep, () => listeners.delete(listener));
      if (closed) throw new MicroError('unavailable', 'the transport is closed');
      await listener.start(options);
      listeners.add(listener);
      if (!closed) return listener;
      await listener.close();
      throw new MicroError('unavailable', 'the transport was closed');
    },

    dial(address: string, options: DialOptions): Connection {
      const target = parseAddress(address);
      if (target.path === undefined && target.port === 0) {
        throw new MicroError('bad_request', `address "${address}" has no port`);
      }
      const forget = (): boolean => dialled.delete(connection);
      const connection =
        frames === undefined
          ? new Pool(target, settings, options, forget)
          : new EitherConnection(target, settings, frames, sweep, options, forget);
      if (closed) connection.destroy();
      else dialled.add(connection);
      return connection;
    },

    async close(): Promise<void> {
      closed = true;
      const ending = [...listeners].map((listener) => {
        const closed = listener.close();
        listener.destroy();
        return closed;
      });
      for (const connection of [...dialled]) {
        connection.destroy();
        ending.push(connection.empty());
      }
      await Promise.all(ending);
    },
  };
}
