import { MicroError, type Transport } from '@micro/core';
import { parseTarget, socketTransport } from '@micro/core/plugin';
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

/** The frames of docs/wire-tcp.md over TCP, TLS or Unix sockets: one connection carries all calls and streams. */
export function tcpTransport(options: TcpTransportOptions = {}): Transport {
  const { tls, maxIncoming = 20_000 } = options;
  const limits = limitsOf(options);
  if (!Number.isSafeInteger(maxIncoming) || maxIncoming < 1)
    throw new MicroError('bad_request', `maxIncoming must be a positive whole number, not ${maxIncoming}`);
  const sweep = new Sweep(shortestOf(limits));

  return socketTransport({
    name: 'tcp',
    features: new Set(['streams', 'pushback', 'cancel', 'goaway', 'reply-metadata']),
    tls,
    listener: (acceptor, onClosed) =>
      new TcpListener(acceptor, { tls, maxIncoming, limits, sweep }, onClosed),
    connection(address, { from = '' }, onClosed) {
      const target = parseTarget(address);
      return new FrameClient({
        address,
        service: from,
        limits,
        sweep,
        connect: (ready) => connectSocket(target, tls, [protocolName], ready),
        explain: (error) => explain(error, tls !== undefined),
        onClosed,
      });
    },
  });
}
