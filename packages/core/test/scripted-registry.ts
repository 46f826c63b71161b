import { once } from 'node:events';
import type { NodeRecord, Registry, RegistryChange, ServiceRecord } from '../src/index.ts';

export interface ScriptedRegistry extends Registry {
  /** What happened, in order. */
  readonly log: string[];
  /** Watches under way. */
  readonly watches: ReadonlySet<Watched>;
  /** Watches ever begun. */
  readonly begun: number;
  /** Tells every watch. */
  tell(change: RegistryChange): void;
  /** Ends every watch with the error. */
  lose(error: unknown): void;
}
interface Watched {
  readonly changed: (change: RegistryChange) => void;
  readonly fail: (error: unknown) => void;
}
type Methods = Partial<Pick<Registry, 'register' | 'deregister' | 'watch' | 'close' | 'propagationMs'>>;

/** A registry that does what the test says. Without more it knows `services`, and registers whatever it is given. */
export function scriptedRegistry(
  services: () => readonly ServiceRecord[] = () => [],
  more: Methods = {},
): ScriptedRegistry {
  const log: string[] = [];
  const watches = new Set<Watched>();
  let begun = 0;
  return {
    name: 'scripted',
    features: new Set(['ttl']),
    propagationMs: 0,
    log,
    watches,
    get begun() {
      return begun;
    },
    tell(change) {
      for (const { changed } of watches) changed(change);
    },
    lose(error) {
      for (const { fail } of watches) fail(error);
    },
    async register() {
      log.push('register');
    },
    async deregister() {
      log.push('deregister');
    },
    getService: async (name) => services().filter((one) => one.name === name),
    listServices: async () => services().map(({ name }) => name),
    async watch(name, changed, { signal }) {
      begun++;
      changed({ type: 'list', name, services: services() });
      let watched: Watched | undefined;
      const lost = new Promise<never>((_, fail) => {
        watched = { changed, fail };
        watches.add(watched);
      });
      try {
        if (!signal.aborted) await Promise.race([lost, once(signal, 'abort')]);
      } finally {
        if (watched !== undefined) watches.delete(watched);
      }
    },
    async close() {
      log.push('close');
    },
    ...more,
  };
}

export function record(name: string, nodes: readonly (string | NodeRecord)[], version = '1'): ServiceRecord {
  return {
    name,
    version,
    metadata: {},
    endpoints: [],
    nodes: nodes.map((node) =>
      typeof node === 'string' ? { id: node, address: `${node}:1`, metadata: {} } : node,
    ),
  };
}
