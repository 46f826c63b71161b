import type { Registry, RegistryFeature } from '@micro/core';
import { checkedRegistry } from '@micro/core/plugin';
import { newConnection } from './connection.ts';
import { readNames, readService } from './lookups.ts';
import { type ConsulOptions, settingsOf } from './options.ts';
import { newRegistrations } from './registrations.ts';
import { watchService } from './watch.ts';

const features: ReadonlySet<RegistryFeature> = new Set<RegistryFeature>(['ttl']);
// The agent tells the servers, and those the watchers, each at once.
const propagationMs = 200;

/**
 * Discovery through Consul, in go-micro's layout: what Go services register is found, and found by them. Connects at
 * the first use. Throws `bad_request` for options that make no sense.
 */
export function consulRegistry(options?: ConsulOptions): Registry {
  const settings = settingsOf(options);
  const connection = newConnection(settings);
  const registrations = newRegistrations(connection, settings);

  return checkedRegistry({
    name: 'consul',
    features,
    propagationMs,
    closed: connection.closed,
    register: registrations.register,
    deregister: registrations.deregister,
    getService: (name) => readService(connection, name, settings),
    listServices: () => readNames(connection, settings),
    watch: (name = '', changed, signal) => watchService(connection, { name, changed, signal }, settings),
    async close() {
      connection.close();
    },
  });
}
