import { abortable, checkSignal } from './aborted.ts';
import { MicroError } from './errors.ts';
import { offAbort, onAbort } from './on-abort.ts';
import type { Registry, RegistryChange, ServiceRecord } from './registry.ts';

/** What a registry does where its calls make sense, and it is open. */
export interface RegistryDefinition extends Pick<Registry, 'name' | 'features' | 'propagationMs' | 'close'> {
  /** Aborts when the registry closes; its reason is what calls reject with from then on. */
  readonly closed: AbortSignal;
  /** Settles when the backend has answered or is given up; the signal is for what comes before anything is sent. */
  register(record: ServiceRecord, ttlMs: number, signal: AbortSignal | undefined): Promise<void>;
  deregister(record: ServiceRecord): Promise<void>;
  getService(name: string): Promise<readonly ServiceRecord[]>;
  listServices(): Promise<readonly string[]>;
  /** The signal is the watcher's and that of the end of the registry in one. A rejection after it is nobody's. */
  watch(
    name: string | undefined,
    changed: (change: RegistryChange) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/**
 * The registry of a definition: closed ones and what makes no sense are refused, waits end with their signals, and a
 * watch of everything is refused without the feature.
 */
export function checkedRegistry(definition: RegistryDefinition): Registry {
  const { name: store, features, closed } = definition;

  function check(name: string | undefined, signal: AbortSignal | undefined): void {
    checkSignal(closed);
    checkSignal(signal);
    if (name === '') throw new MicroError('bad_request', `registry ${store}: a service needs a name`);
  }

  return {
    name: store,
    features,
    propagationMs: definition.propagationMs,
    async register(record, { ttlMs, signal }) {
      check(record.name, signal);
      if (!(ttlMs > 0))
        throw new MicroError('bad_request', `registry ${store}: ttlMs must be above 0, not ${ttlMs}`);
      await definition.register(record, ttlMs, signal);
      checkSignal(signal); // only now: what was sent may take effect
    },
    async deregister(record, { signal } = {}) {
      check(record.name, signal);
      await definition.deregister(record);
      checkSignal(signal);
    },
    async getService(name, { signal } = {}) {
      check(name, signal);
      return abortable(definition.getService(name), signal);
    },
    async listServices({ signal } = {}) {
      check(undefined, signal);
      return abortable(definition.listServices(), signal);
    },
    async watch(name, changed, { signal }) {
      if (signal.aborted) return;
      check(name, undefined);
      if (name === undefined && !features.has('watch-all'))
        throw new MicroError('unimplemented', `registry ${store}: one service is watched at a time`);
      const ending = new AbortController();
      const end = (): void => ending.abort();
      for (const one of [signal, closed]) onAbort(one, end);
      try {
        await abortable(definition.watch(name, changed, ending.signal), ending.signal);
      } catch (error) {
        if (!ending.signal.aborted) throw error;
      } finally {
        for (const one of [signal, closed]) offAbort(one, end);
      }
    },
    close: () => definition.close(),
  };
}
