import assert from 'node:assert/strict';
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { eventually } from './eventually.ts';

/** What kept the process alive at a time, and what has been made since by those who looked. */
export interface Resources extends Disposable {
  /** Sockets, servers, timers, by type; and who listens on the process. */
  readonly counts: ReadonlyMap<string, number>;
  /** What was made since, with all that it made in turn, and may keep the process alive. */
  readonly made: ReadonlyMap<number, Made>;
}

interface Made {
  readonly type: string;
  readonly resource: Lasting;
}

/** A timer or a handle of libuv's. */
interface Lasting {
  hasRef(): boolean;
}

const looking = new AsyncLocalStorage<object>();

/** Notes what the caller, and what it begins, makes from now on. */
export function resources(): Resources {
  const mark = {};
  const made = new Map<number, Made>();
  const hook = createHook({
    init(id, type, _, resource) {
      if (looking.getStore() === mark && type !== 'Immediate' && isLasting(resource))
        made.set(id, { type, resource });
    },
    destroy: (id) => void made.delete(id),
  });
  const counts = countsNow();
  looking.enterWith(mark);
  hook.enable();
  return { counts, made, [Symbol.dispose]: () => void hook.disable() };
}

function isLasting(resource: object): resource is Lasting {
  return 'hasRef' in resource && typeof resource.hasRef === 'function';
}

function countsNow(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const add = (key: string, count: number): void => {
    counts.set(key, (counts.get(key) ?? 0) + count);
  };
  for (const type of process.getActiveResourcesInfo()) add(type, 1);
  for (const event of process.eventNames())
    add(`listener of process '${String(event)}'`, process.listenerCount(event));
  return counts;
}

/**
 * Resolves when there is nothing that was not there before. Numbers alone would hide a leak where something of others
 * ends meanwhile, and what was made alone one whose maker was there before.
 */
export async function nothingLeft({ counts, made }: Resources, timeoutMs = 10_000): Promise<void> {
  const check = (): void => {
    const more: string[] = [];
    for (const { type, resource } of made.values()) if (resource.hasRef()) more.push(type);
    for (const [type, count] of countsNow()) {
      const surplus = count - (counts.get(type) ?? 0);
      // files and DNS are of the process, not of a plugin: nobody can close a request that is under way
      if (surplus > 0 && !transient.has(type)) more.push(`${surplus} x ${type}`);
    }
    assert.deepEqual(more, [], 'left open after close()');
  };
  await looking.exit(() => eventually(check, { timeoutMs })); // the timer that looks is not meant
}

const transient: ReadonlySet<string> = new Set(['Immediate', 'CloseReq', 'FSReqPromise', 'FSReqCallback']);

/** Throws when somebody still listens on the signal. */
export function noListeners(signal: AbortSignal): void {
  assert.equal(getEventListeners(signal, 'abort').length, 0, 'listeners left on an abort signal');
}
