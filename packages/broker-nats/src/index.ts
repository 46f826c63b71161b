import { definePlugin } from '@micro/core';
import { natsBroker } from './broker.ts';
import type { NatsBrokerOptions } from './options.ts';

export { natsBroker } from './broker.ts';
export type { NatsBrokerOptions } from './options.ts';

declare module '@micro/core' {
  interface BrokerPlugins {
    nats: NatsBrokerOptions;
  }
}

definePlugin('broker', 'nats', { package: '@micro/broker-nats', create: natsBroker });
