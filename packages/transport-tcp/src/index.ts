import { definePlugin } from '@micro/core';
import type { TcpTransportOptions } from './options.ts';
import { tcpTransport } from './transport.ts';

declare module '@micro/core' {
  interface TransportPlugins {
    tcp: TcpTransportOptions;
  }
}

definePlugin('transport', 'tcp', {
  package: '@micro/transport-tcp',
  create: (options) => tcpTransport(options),
});

export type { TcpTransportOptions } from './options.ts';
export { tcpTransport } from './transport.ts';
