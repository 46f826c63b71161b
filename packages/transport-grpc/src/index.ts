import { definePlugin } from '@micro/core';
import type { GrpcTransportOptions } from './options.ts';
import { grpcTransport } from './transport.ts';

declare module '@micro/core' {
  interface TransportPlugins {
    grpc: GrpcTransportOptions;
  }
}

definePlugin('transport', 'grpc', {
  package: '@micro/transport-grpc',
  create: (options) => grpcTransport(options),
});

export type { GrpcTransportOptions } from './options.ts';
export { grpcTransport } from './transport.ts';
