import type { MicroError, RegistryChange, ServiceRecord } from '@micro/core';

/** The watches of a registry, and the services that are looked at. */
export interface Watches {
  /** Tells the list once `look` has resolved, and every change after it. Resolves when the signal aborts or on `close`. */
  watch(
    name: string | undefined,
    changed: (change: RegistryChange) => void,
    signal: AbortSignal,
    look: () => Promise<readonly ServiceRecord[]>,
  ): Promise<void>;
  /** Keeps a service in sight while it is looked up. */
  interest<T>(name: string | undefined, run: () => Promise<T>): Promise<T>;
  wanted(name: string): boolean;
  tell(change: RegistryChange): void;
  /** All watches end with the error. */
  fail(error: MicroError): void;
  close(): void;
}

interface Watcher {
  readonly changed: (change: RegistryChange) => void;
  readonly end: (error?: MicroError) => void;
  /** Before its list a watcher is told nothing: the list will have it. */
  listed: boolean;
}

/** `dropped` is called when a service is out of sight. */
export function newWatches(dropped: () => void): Watches {
  const watchers = new Map<string | undefined, Set<Watcher>>();
  const interests = new Map<string | undefined, number>();

  async function interest<T>(name: string | undefined, run: () => Promise<T>): Promise<T> {
    interests.set(name, (interests.get(name) ?? 0) + 1);
    try {
      return await run();
    } finally {
      const left = (interests.get(name) ?? 1) - 1;
      if (left > 0) interests.set(name, left);
      else {
        interests.delete(name);
        dropped();
      }
    }
  }

  function all(): Watcher[] {
    return [...watchers.values()].flatMap((set) => [...set]);
  }

  return {
    interest,
    wanted: (name) => interests.has(name) || interests.has(undefined),
    watch: (name, changed, signal, look) =>
      interest(name, async () => {
        let end: Watcher['end'] = () => {};
        const ended = new Promise<void>((resolve, reject) => {
          end = (error) => (error === undefined ? resolve() : reject(error));
        });
        const watcher: Watcher = { changed, end, listed: false };
        const same = watchers.get(name) ?? new Set();
        watchers.set(name, same.add(watcher));
        const abort = (): void => end();
        signal.addEventListener('abort', abort, { once: true });
        const listing = look().then((services) => {
          watcher.listed = true;
          if (!signal.aborted && same.has(watcher)) changed({ type: 'list', name, services });
        });
        try {
          await Promise.race([ended, listing.then(() => ended)]);
        } finally {
          listing.catch(() => undefined); // it ends a watch that has ended already
          signal.removeEventListener('abort', abort);
          same.delete(watcher);
          if (same.size === 0) watchers.delete(name);
        }
      }),
    tell(change) {
      const name = change.type === 'put' ? change.service.name : change.name;
      for (const key of [name, undefined])
        for (const { listed, changed } of watchers.get(key) ?? []) if (listed) changed(change);
    },
    fail(error) {
      for (const { end } of all()) end(error);
    },
    close() {
      for (const { end } of all()) end();
    },
  };
}
