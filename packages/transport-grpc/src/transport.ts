import type { Transport } from '@micro/core';
import { socketTransport } from '@micro/core/plugin';
import { OwnSessionConnection, sessionSettings } from '@micro/sessions';
import { GrpcConnection } from './client-connection.ts';
import { GrpcListener } from './listener.ts';
import { MucpCarrier } from './mucp-carrier.ts';
import { type GrpcTransportOptions, settingsOf } from './options.ts';

/**
 * Plain gRPC over HTTP/2, for TypeScript and go-micro services and any other gRPC client or server: one connection to
 * an address, shared by all calls and streams. Nodes of go-micro's gRPC transport, by their metadata, are called as
 * its own clients call them: there each call has a stream for itself.
 */
export function grpcTransport(options: GrpcTransportOptions = {}): Transport {
  const settings = settingsOf(options);
  return socketTransport({
    name: 'grpc',
    features: new Set(['streams', 'pushback', 'cancel', 'goaway', 'reply-metadata']),
    tls: settings.tls,
    listener: (acceptor, onClosed) => new GrpcListener(acceptor, settings, onClosed),
    connection(address, options, onClosed) {
      const { transport, protocol } = options.metadata;
      if (transport !== 'grpc' || protocol !== 'mucp')
        return new GrpcConnection(address, settings, options, onClosed);
      const plain = new GrpcConnection(address, settings, options, () => undefined);
      const { maxMessageBytes, maxQueued } = settings;
      const carrier = new MucpCarrier(plain, maxMessageBytes);
      return new OwnSessionConnection(carrier, address, options, sessionSettings({ maxQueued }), onClosed);
    },
  });
}
