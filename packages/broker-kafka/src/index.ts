import { definePlugin } from '@micro/core';
import { kafkaBroker } from './broker.ts';
import type { KafkaBrokerOptions } from './options.ts';

export { kafkaBroker } from './broker.ts';
export type { KafkaBrokerOptions } from './options.ts';

declare module '@micro/core' {
  interface BrokerPlugins {
    kafka: KafkaBrokerOptions;
  }
}

definePlugin('broker', 'kafka', { package: '@micro/broker-kafka', create: kafkaBroker });
