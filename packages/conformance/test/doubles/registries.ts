import { memoryRegistry, type Registry, type RegistryChange, type ServiceRecord } from '@micro/core';
import type { RegistryHarness } from '../../src/index.ts';
import { type Double, leak } from './double.ts';

type Break = (inner: Registry) => Partial<Registry>;

let networks = 0;

function double(name: string, caughtBy: string, broken: Break): Double<RegistryHarness> {
  const network = `registry-double-${++networks}`;
  const create = (): Registry => {
    const inner = memoryRegistry({ network });
    return { ...inner, ...broken(inner) };
  };
  return { name, caughtBy, harness: { ...honestRegistry, name, create } };
}

export const honestRegistry: RegistryHarness = {
  name: 'memory',
  features: memoryRegistry().features,
  create: () => memoryRegistry({ network: 'honest' }),
  ttlMs: 100,
  patienceMs: 500,
};

function filtered(inner: Registry, keep: (change: RegistryChange) => boolean): Registry['watch'] {
  return (name, changed, options) => inner.watch(name, (change) => keep(change) && changed(change), options);
}

export const registryDoubles: readonly Double<RegistryHarness>[] = [
  // first: what a stuck double leaves running for a while would hide a leak
  double('leaves a timer', 'leaves no socket, timer or listener after close', (inner) => ({
    register: (record, options) => {
      leak();
      return inner.register(record, options);
    },
  })),
  double('forgets the TTL', 'a node that is not renewed vanishes when its TTL is over', (inner) => ({
    register: (record, options) => inner.register(record, { ...options, ttlMs: 1e9 }),
  })),
  double('does not renew', 'a node that is renewed in time never vanishes', (inner) => {
    const known = new WeakSet<ServiceRecord>();
    return {
      async register(record, options) {
        if (known.has(record)) return;
        known.add(record);
        await inner.register(record, options);
      },
    };
  }),
  double(
    'believes that what it registered is still there',
    'registering the same object again makes anew what has expired',
    (inner) => {
      const known = new WeakSet<ServiceRecord>();
      return {
        async register(record, options) {
          if (!known.has(record)) await inner.register(record, options);
          known.add(record);
        },
      };
    },
  ),
  double('watches without a list', 'a watch begins with a list of what is there', (inner) => ({
    watch: filtered(inner, ({ type }) => type !== 'list'),
  })),
  double('misses nodes that go', 'a watch tells of nodes that come, change and go', (inner) => ({
    watch: filtered(inner, ({ type }) => type !== 'remove'),
  })),
  double('misses expiry', 'a watch tells of a node whose TTL is over', (inner) => ({
    watch: filtered(inner, ({ type }) => type !== 'remove'),
  })),
  double('watches everything always', 'a watch of one service tells nothing about others', (inner) => ({
    watch: (_, changed, options) => inner.watch(undefined, changed, options),
  })),
  double('loses changes that come fast', 'a burst of changes ends in the true state', (inner) => {
    let count = 0;
    return { watch: filtered(inner, () => ++count < 500) };
  }),
  double(
    'tells changes after the end of the watch',
    'a watch ends without an error when its signal aborts, tells nothing more, and lets go of the signal',
    (inner) => ({
      async watch(name, changed, { signal }) {
        const never = new AbortController();
        inner.watch(name, changed, { signal: never.signal }).catch(leak);
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        );
      },
    }),
  ),
  double(
    'keeps a listener on the signal',
    'a watch ends without an error when its signal aborts, tells nothing more, and lets go of the signal',
    (inner) => ({
      watch(name, changed, options) {
        options.signal.addEventListener('abort', leak, { passive: true });
        options.signal.addEventListener('abort', () => {}, { capture: true });
        return inner.watch(name, changed, options);
      },
    }),
  ),
  double('tells changes that can be changed', 'what a watch tells cannot be changed', (inner) => ({
    watch: (name, changed, options) =>
      inner.watch(name, (change) => changed(structuredClone(change)), options),
  })),
  double('gives thawed results', 'gives results that nobody can change', (inner) => ({
    getService: async (name, options) => structuredClone(await inner.getService(name, options)),
  })),
  double(
    'keeps the record it was given',
    'does not see what is done to a record after it was registered',
    (inner) => {
      const given = new Map<string, ServiceRecord>();
      return {
        register: (record, options) => {
          given.set(record.name, record);
          return inner.register(record, options);
        },
        getService: async (name, options) =>
          (await inner.getService(name, options)).map((record) => given.get(name) ?? record),
      };
    },
  ),
  double('takes out all nodes', 'takes out the nodes that are deregistered, and no others', (inner) => ({
    async deregister({ name }) {
      for (const record of await inner.getService(name)) await inner.deregister(record);
    },
  })),
  double('mixes versions', 'keeps two versions of a service apart', (inner) => ({
    getService: async (name, options) =>
      (await inner.getService(name, options)).map((record) => Object.freeze({ ...record, version: '1.0.0' })),
  })),
  double('shows a node twice', 'takes a node that is seen twice for one, and believes the later', (inner) => {
    const seen: ServiceRecord[] = [];
    return {
      register: (record, options) => {
        seen.push(record);
        return inner.register(record, options);
      },
      getService: async (name) => seen.filter((record) => record.name === name),
    };
  }),
  double(
    'loses endpoints',
    'another instance finds a service with all that it was registered with',
    (inner) => ({
      register: (record, options) => inner.register({ ...record, endpoints: [] }, options),
    }),
  ),
  double('lists in no order', 'lists each service once, sorted', (inner) => ({
    listServices: async (options) => [...(await inner.listServices(options))].reverse(),
  })),
  double('folds case', 'spells any name for its backend: UPPER-and-lower', (inner) => ({
    register: (record, options) => inner.register({ ...record, name: record.name.toLowerCase() }, options),
  })),
  double('keeps names in a plain object', 'spells any name for its backend: __proto__', (inner) => {
    const names: Record<string, boolean> = {};
    return {
      register: (record, options) => {
        names[record.name] = true;
        return inner.register(record, options);
      },
      getService: async (name, options) =>
        Object.hasOwn(names, name) ? inner.getService(name, options) : [],
    };
  }),
  double('cuts long names', 'spells any name for its backend: 300 characters', (inner) => ({
    register: (record, options) => inner.register({ ...record, name: record.name.slice(0, 255) }, options),
  })),
  double('ignores the signal', 'rejects with canceled, at once, when the signal has aborted', (inner) => ({
    getService: (name) => inner.getService(name),
  })),
  double('goes on after close', 'rejects with unavailable after close', () => ({ close: async () => {} })),
];
