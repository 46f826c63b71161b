import type { Registry, RegistryFeature } from '@micro/core';
import { checkedRegistry, readRecord } from '@micro/core/plugin';
import { newConnection } from './connection.ts';
import { servicePrefix } from './keys.ts';
import { newLeases } from './leases.ts';
import { type EtcdOptions, settingsOf } from './options.ts';
import { readRange } from './read.ts';
import { newRegistrations } from './registrations.ts';
import { watchPrefix } from './watch.ts';

const features: ReadonlySet<RegistryFeature> = new Set<RegistryFeature>(['ttl', 'watch-all']);
// A change is in etcd when its request is answered, and with every watcher a round trip later.
const propagationMs = 100;

/**
 * Discovery through etcd, in go-micro's layout: what Go services register is found, and found by them. Connects at the
 * first use. Throws `bad_request` for options that make no sense.
 */
export function etcdRegistry(options?: EtcdOptions): Registry {
  const settings = settingsOf(options);
  const { prefix, timeoutMs } = settings;
  const connection = newConnection(settings);
  const leases = newLeases(connection, timeoutMs);
  const registrations = newRegistrations(prefix, connection, leases);

  return checkedRegistry({
    name: 'etcd',
    features,
    propagationMs,
    closed: connection.closed,
    register: registrations.register,
    deregister: registrations.deregister,
    async getService(name) {
      const { entries } = await readRange(connection, servicePrefix(prefix, name));
      return Object.freeze(entries.flatMap(([key, text]) => readRecord('etcd', key, text, name) ?? []));
    },
    async listServices() {
      const { entries } = await readRange(connection, prefix);
      const records = entries.map(([key, text]) => readRecord('etcd', key, text, undefined));
      const names = new Set(records.flatMap((record) => record?.name ?? []));
      return Object.freeze([...names].sort());
    },
    watch(name, changed, signal) {
      const range = name === undefined ? prefix : servicePrefix(prefix, name);
      return watchPrefix(connection, { name, prefix: range, changed, signal, timeoutMs });
    },
    async close() {
      connection.close();
    },
  });
}
