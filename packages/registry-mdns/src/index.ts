import { definePlugin } from '@micro/core';
import { mdnsRegistry } from './mdns.ts';
import type { MdnsOptions } from './options.ts';

declare module '@micro/core' {
  interface RegistryPlugins {
    mdns: MdnsOptions;
  }
}

definePlugin('registry', 'mdns', { package: '@micro/registry-mdns', create: mdnsRegistry });

export type { MdnsOptions } from './options.ts';
export { mdnsRegistry };
