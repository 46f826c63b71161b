import { definePlugin } from '@micro/core';
import { rabbitmqBroker } from './broker.ts';
import type { RabbitmqBrokerOptions } from './options.ts';

export { rabbitmqBroker } from './broker.ts';
export type { RabbitmqBrokerOptions } from './options.ts';

declare module '@micro/core' {
  interface BrokerPlugins {
    rabbitmq: RabbitmqBrokerOptions;
  }
}

definePlugin('broker', 'rabbitmq', { package: '@micro/broker-rabbitmq', create: rabbitmqBroker });
