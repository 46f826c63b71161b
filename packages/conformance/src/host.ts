import {
  createPlugin,
  type Host,
  type InstanceOf,
  type Kinds,
  memoryRegistry,
  type Registry,
} from '@micro/core';

/** Long enough to outlive a run. */
const ttlMs = 3_600_000;

/**
 * Stands for the service that makes a plugin: for plugins that announce or discover something, as a broker over
 * HTTP does. Plugins of other kinds are the ones in memory; close what the host's registry needs yourself.
 */
export function testHost(registry: Registry = memoryRegistry({ network: 'conformance' })): Host {
  const made = new Map<keyof Kinds, unknown>([['registry', registry]]);
  const host: Host = {
    name: 'conformance',
    id: 'conformance-1',
    plugin<K extends keyof Kinds>(kind: K): InstanceOf<K> {
      if (!made.has(kind))
        made.set(kind, createPlugin(kind, kind === 'codec' ? 'json' : 'memory', undefined, host));
      return made.get(kind) as InstanceOf<K>; // made under the same key
    },
    async announce(record) {
      await registry.register(record, { ttlMs });
      return { withdraw: () => registry.deregister(record) };
    },
    discover: (name, options) => registry.getService(name, options),
  };
  return host;
}
