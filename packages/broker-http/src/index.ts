import { definePlugin } from '@micro/core';
import { httpBroker } from './broker.ts';
import type { HttpBrokerOptions } from './options.ts';

export { httpBroker } from './broker.ts';
export type { HttpBrokerOptions } from './options.ts';

declare module '@micro/core' {
  interface BrokerPlugins {
    http: HttpBrokerOptions;
  }
}

definePlugin('broker', 'http', { package: '@micro/broker-http', create: httpBroker });
