import { MicroError, type Registry, type RegistryFeature } from '@micro/core';
import { abortable, checkSignal, readRecord } from '@micro/core/plugin';
import { newConnection } from './connection.ts';
import { closedError } from './errors.ts';
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

  function check(name: string | undefined, signal: AbortSignal | undefined): void {
    if (connection.closed.aborted) throw closedError();
    checkSignal(signal);
    if (name === '') throw new MicroError('bad_request', 'registry etcd: a service needs a name');
  }

  return {
    name: 'etcd',
    features,
    propagationMs,
    async register(record, { ttlMs, signal }) {
      check(record.name, signal);
      if (!(ttlMs > 0))
        throw new MicroError('bad_request', `registry etcd: ttlMs must be above 0, not ${ttlMs}`);
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
      const { entries } = await abortable(readRange(connection, servicePrefix(prefix, name)), signal);
      return Object.freeze(entries.flatMap(([key, text]) => readRecord('etcd', key, text, name) ?? []));
    },
    async listServices({ signal } = {}) {
      check(undefined, signal);
      const { entries } = await abortable(readRange(connection, prefix), signal);
      const records = entries.map(([key, text]) => readRecord('etcd', key, text, undefined));
      const names = new Set(records.flatMap((record) => record?.name ?? []));
      return Object.freeze([...names].sort());
    },
    async watch(name, changed, { signal }) {
      if (signal.aborted) return;
      check(name, undefined);
      const ending = new AbortController();
      const end = (): void => ending.abort();
      const ends = [signal, connection.closed];
      for (const one of ends) one.addEventListener('abort', end);
      const range = name === undefined ? prefix : servicePrefix(prefix, name);
      try {
        const watched = { name, prefix: range, changed, signal: ending.signal, timeoutMs };
        await abortable(watchPrefix(connection, watched), ending.signal);
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
