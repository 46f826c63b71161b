import type { RegistryChange, ServiceRecord } from '@micro/core';
import type { NodeChange } from './cache.ts';

/** The watches of one registry. Those of one name share their questions to the network. */
export interface Watches {
  /** Resolves when the signal aborts or `close` is called; rejects when the network cannot be asked. */
  watch(
    name: string | undefined,
    changed: (change: RegistryChange) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Tells the watchers of the service, and those of all services. */
  tell(change: NodeChange): void;
  readonly size: number;
  close(): void;
}

export interface WatchesOptions {
  readonly refreshMs: number;
  readonly list: (name: string | undefined) => readonly ServiceRecord[];
  /** Asks the network; resolves with whether some node is suspected to be dead. */
  readonly look: (name: string | undefined) => Promise<boolean>;
  /** Told before the first watcher of a name, and after the last. */
  readonly interest: (name: string | undefined, wanted: boolean) => void;
}

interface Watcher {
  /** Before its list a watcher is told nothing: the list will have it. */
  listed: boolean;
  readonly changed: (change: RegistryChange) => void;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
}

interface Round {
  readonly watchers: Set<Watcher>;
  timer: NodeJS.Timeout | undefined;
}

export function newWatches({ refreshMs, list, look, interest }: WatchesOptions): Watches {
  const rounds = new Map<string | undefined, Round>();

  function watch(
    name: string | undefined,
    changed: (change: RegistryChange) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        signal.removeEventListener('abort', watcher.end);
        drop(name, watcher);
      };
      const watcher: Watcher = {
        listed: false,
        changed,
        end: () => {
          leave();
          resolve();
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      signal.addEventListener('abort', watcher.end, { once: true });
      add(name, watcher);
      look(name).then(() => {
        if (rounds.get(name)?.watchers.has(watcher) !== true) return;
        watcher.listed = true;
        changed({ type: 'list', name, services: list(name) });
      }, watcher.fail);
    });
  }

  function add(name: string | undefined, watcher: Watcher): void {
    let round = rounds.get(name);
    if (round === undefined) {
      round = { watchers: new Set(), timer: undefined };
      rounds.set(name, round);
      interest(name, true);
      schedule(name, round, refreshMs);
    }
    round.watchers.add(watcher);
  }

  function drop(name: string | undefined, watcher: Watcher): void {
    const round = rounds.get(name);
    if (round === undefined || !round.watchers.delete(watcher) || round.watchers.size > 0) return;
    clearTimeout(round.timer);
    rounds.delete(name);
    interest(name, false);
  }

  // With jitter, so that a fleet started at once does not ask at once.
  function schedule(name: string | undefined, round: Round, ms: number): void {
    round.timer = setTimeout(() => again(name, round), ms * (0.8 + 0.4 * Math.random())).unref();
  }

  function again(name: string | undefined, round: Round): void {
    look(name).then(
      (suspect) => {
        if (rounds.get(name) === round) schedule(name, round, suspect ? refreshMs / 4 : refreshMs);
      },
      (error: Error) => {
        for (const watcher of [...round.watchers]) watcher.fail(error);
      },
    );
  }

  function tell(change: NodeChange): void {
    const service = change.type === 'put' ? change.service.name : change.name;
    for (const name of [service, undefined]) {
      for (const watcher of rounds.get(name)?.watchers ?? []) if (watcher.listed) watcher.changed(change);
    }
  }

  function close(): void {
    for (const round of [...rounds.values()]) for (const watcher of [...round.watchers]) watcher.end();
  }

  return {
    watch,
    tell,
    close,
    get size() {
      return rounds.size;
    },
  };
}
