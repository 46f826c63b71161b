import { definePlugin } from '@micro/core';
import type { NatsTransportOptions } from './options.ts';
import { natsTransport } from './transport.ts';

declare module '@micro/core' {
  interface TransportPlugins {
    nats: NatsTransportOptions;
  }
}

definePlugin('transport', 'nats', {
  package: '@micro/transport-nats',
  create: (options) => natsTransport(options),
});

export type { NatsTransportOptions } from './options.ts';
export { natsTransport } from './transport.ts';
