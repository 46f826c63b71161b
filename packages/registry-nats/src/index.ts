import { definePlugin } from '@micro/core';
import { natsRegistry } from './nats.ts';
import type { NatsRegistryOptions } from './options.ts';

declare module '@micro/core' {
  interface RegistryPlugins {
    nats: NatsRegistryOptions;
  }
}

definePlugin('registry', 'nats', {
  package: '@micro/registry-nats',
  create: (options) => natsRegistry(options),
});

export { natsRegistry } from './nats.ts';
export type { NatsRegistryOptions } from './options.ts';
