import type { Transport } from '@micro/core';
import { socketTransport } from '@micro/core/plugin';
import { GrpcConnection } from './client-connection.ts';
import { GrpcListener } from './listener.ts';
import { type GrpcTransportOptions, settingsOf } from './options.ts';

/**
 * Plain gRPC over HTTP/2, for TypeScript and go-micro services and any other gRPC client or server: one connection to
 * an address, shared by all calls and streams.
 */
export function grpcTransport(options: GrpcTransportOptions = {}): Transport {
  const settings = settingsOf(options);
  return socketTransport({
    name: 'grpc',
    features: new Set(['streams', 'pushback', 'cancel', 'goaway', 'reply-metadata']),
    tls: settings.tls,
    listener: (acceptor, onClosed) => new GrpcListener(acceptor, settings, onClosed),
    connection: (address, options, onClosed) => new GrpcConnection(address, settings, options, onClosed),
  });
}
