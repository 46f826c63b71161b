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
import {
  connectSocket,
  explain,
  FrameClient,
  limitsOf,
  protocolName,
  Sweep,
  shortestOf,
} from '@micro/frames';
import { TcpListener } from './listener.ts';
import type { TcpTransportOptions } from './options.ts';

const features: ReadonlySet<TransportFeature> = new Set(['streams', 'pushback', 'cancel', 'goaway']);

/** The frames of docs/wire-tcp.md over TCP, TLS or Unix sockets: one connection carries all calls and streams. */
export function tcpTransport(options: TcpTransportOptions = {}): Transport {
  const { tls, maxIncoming = 20_000 } = options;
  const limits = limitsOf(options);
  if (!Number.isSafeInteger(maxIncoming) || maxIncoming < 1)
    throw new MicroError('bad_request', `maxIncoming must be a positive whole number, not ${maxIncoming}`);
  const sweep = new Sweep(shortestOf(limits));
  const clients = new Set<FrameClient>();
  const listeners = new Set<TcpListener>();
  let closed = false;

  return {
    name: 'tcp',
    features,
    carries: 'bytes',

    async listen(acceptor: Acceptor, options: ListenOptions): Promise<Listener> {
      if (tls !== undefined && (tls.cert === undefined || tls.key === undefined))
        throw new MicroError('bad_request', 'a server with TLS needs tls.cert and tls.key');
      if (closed) throw new MicroError('unavailable', 'the transport is closed');
      const listener = new TcpListener(acceptor, { tls, maxIncoming, limits, sweep }, () =>
        listeners.delete(listener),
      );
      await listener.start(options);
      listeners.add(listener);
      if (!closed) return listener;
      await listener.close();
      throw new MicroError('unavailable', 'the transport was closed');
    },

    dial(address: string, { from = '' }: DialOptions): Connection {
      const target = parseAddress(address);
      if (target.path === undefined && target.port === 0)
        throw new MicroError('bad_request', `address "${address}" has no port`);
      const client = new FrameClient({
        address,
        service: from,
        limits,
        sweep,
        connect: (ready) => connectSocket(target, tls, [protocolName], ready),
        explain: (error) => explain(error, tls !== undefined),
        onClosed: (client) => clients.delete(client),
      });
      if (closed) client.destroy();
      else clients.add(client);
      return client;
    },

    async close(): Promise<void> {
      closed = true;
      const ending: Promise<void>[] = [...listeners].map((listener) => {
        const closed = listener.close();
        listener.destroy();
        return closed;
      });
      for (const client of [...clients]) {
        client.destroy();
        ending.push(client.empty());
      }
      await Promise.all(ending);
    },
  };
}
