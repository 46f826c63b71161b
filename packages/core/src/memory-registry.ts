import { abortError } from './aborted.ts';
import { MicroError } from './errors.ts';
import { type Network, networkOf } from './memory-network.ts';
import { offAbort, onAbort } from './on-abort.ts';
import { definePlugin } from './plugins.ts';
import type { LookupOptions, Registry } from './registry.ts';

export interface MemoryRegistryOptions {
  /** Registries of one process with the same network see the same services. @default 'default' */
  readonly network?: string | undefined;
}

/** Services of this process only, found by all its registries of the same network. Changes are seen at once. */
export function memoryRegistry(options: MemoryRegistryOptions = {}): Registry {
  const network: Network = networkOf(options.network ?? 'default');
  const watches = new Set<() => void>();
  let closed = false;

  function check(name: string | undefined, signal: AbortSignal | undefined): void {
    if (closed) throw new MicroError('unavailable', 'the memory registry is closed');
    if (signal?.aborted) throw abortError(signal);
    if (name === '') throw new MicroError('bad_request', 'a service needs a name');
  }

  return {
    name: 'memory',
    features: new Set(['ttl', 'watch-all']),
    propagationMs: 0,
    async register(record, { ttlMs, signal }) {
      check(record.name, signal);
      if (!(ttlMs > 0)) throw new MicroError('bad_request', `ttlMs must be above 0, not ${ttlMs}`);
      network.put(record, ttlMs);
    },
    async deregister(record, lookup?: LookupOptions) {
      check(record.name, lookup?.signal);
      network.remove(record);
    },
    async getService(name, lookup) {
      check(name, lookup?.signal);
      return network.list(name);
    },
    async listServices(lookup) {
      check(undefined, lookup?.signal);
      return network.names();
    },
    async watch(name, changed, { signal }) {
      if (signal.aborted) return;
      check(name, undefined);
      const stop = network.watch(name, changed);
      let end = (): void => {};
      try {
        await new Promise<void>((resolve) => {
          end = resolve;
          watches.add(end);
          onAbort(signal, end);
          if (signal.aborted) end(); // `changed` has done it
        });
      } finally {
        stop();
        watches.delete(end);
        offAbort(signal, end);
      }
    },
    async close() {
      closed = true;
      for (const end of watches) end();
    },
  };
}

definePlugin('registry', 'memory', { package: '@micro/core', create: memoryRegistry });
