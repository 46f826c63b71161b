import { definePlugin } from '@micro/core';
import { consulRegistry } from './consul.ts';
import type { ConsulOptions } from './options.ts';

declare module '@micro/core' {
  interface RegistryPlugins {
    consul: ConsulOptions;
  }
}

definePlugin('registry', 'consul', { package: '@micro/registry-consul', create: consulRegistry });

export type { ConsulCheck, ConsulOptions } from './options.ts';
export { consulRegistry };
