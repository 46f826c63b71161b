import { definePlugin } from '@micro/core';
import { etcdRegistry } from './etcd.ts';
import type { EtcdOptions } from './options.ts';

declare module '@micro/core' {
  interface RegistryPlugins {
    etcd: EtcdOptions;
  }
}

definePlugin('registry', 'etcd', { package: '@micro/registry-etcd', create: etcdRegistry });

export type { EtcdOptions } from './options.ts';
export { etcdRegistry };
