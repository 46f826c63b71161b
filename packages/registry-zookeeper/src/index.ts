import { definePlugin } from '@micro/core';
import type { ZookeeperOptions } from './options.ts';
import { zookeeperRegistry } from './zookeeper.ts';

declare module '@micro/core' {
  interface RegistryPlugins {
    zookeeper: ZookeeperOptions;
  }
}

definePlugin('registry', 'zookeeper', { package: '@micro/registry-zookeeper', create: zookeeperRegistry });

export type { ZookeeperOptions } from './options.ts';
export { zookeeperRegistry };
