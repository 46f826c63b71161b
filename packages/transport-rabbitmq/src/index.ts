import { definePlugin } from '@micro/core';
import type { RabbitmqTransportOptions } from './options.ts';
import { rabbitmqTransport } from './transport.ts';

declare module '@micro/core' {
  interface TransportPlugins {
    rabbitmq: RabbitmqTransportOptions;
  }
}

definePlugin('transport', 'rabbitmq', {
  package: '@micro/transport-rabbitmq',
  create: (options) => rabbitmqTransport(options),
});

export type { RabbitmqTransportOptions } from './options.ts';
export { rabbitmqTransport } from './transport.ts';
