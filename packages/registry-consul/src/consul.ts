import { MicroError, type Registry, type RegistryFeature } from '@micro/core';
import { abortable, checkSignal } from '@micro/core/plugin';
import { newConnection } from './connection.ts';
import { closedError } from './errors.ts';
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

  function check(name: string | undefined, signal: AbortSignal | undefined): void {
    if (connection.closed.aborted) throw closedError();
    checkSignal(signal);
    if (name === '') throw new MicroError('bad_request', 'registry consul: a service needs a name');
  }

  return {
    name: 'consul',
    features,
    propagationMs,
    async register(record, { ttlMs, signal }) {
      check(record.name, signal);
      if (!(ttlMs > 0))
        throw new MicroError('bad_request', `registry consul: ttlMs must be above 0, not ${ttlMs}`);
      await registrations.register(record, ttlMs);
      checkSignal(signal); // only now can it no longer take effect
    },
    async deregister(record, { signal } = {}) {
      check(record.name, signal);
      await registrations.deregister(record);
      checkSignal(signal);
    },
    async getService(name, { signal } = {}) {
      check(name, signal);
      return abortable(readService(connection, name, settings), signal);
    },
    async listServices({ signal } = {}) {
      check(undefined, signal);
      return abortable(readNames(connection, settings), signal);
    },
    async watch(name, changed, { signal }) {
      if (signal.aborted) return;
      check(name, undefined);
      if (name === undefined)
        throw new MicroError('unimplemented', 'registry consul: Consul watches one service at a time');
      const ending = new AbortController();
      const end = (): void => ending.abort();
      const ends = [signal, connection.closed];
      for (const one of ends) one.addEventListener('abort', end);
      try {
        await watchService(connection, { name, changed, signal: ending.signal }, settings);
      } catch (error) {
        if (!ending.signal.aborted) throw error;
      } finally {
        for (const one of ends) one.removeEventListener('abort', end);
      }
    },
    async close() {
      connection.close();
    },
  };
}
