import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { eventually } from './eventually.ts';

/** What keeps the process alive now: sockets, servers, timers, by type; and who listens on the process. */
export type Resources = ReadonlyMap<string, number>;

export function resources(): Resources {
  const counts = new Map<string, number>();
  const add = (key: string, count: number): void => {
    counts.set(key, (counts.get(key) ?? 0) + count);
  };
  for (const type of process.getActiveResourcesInfo()) add(type, 1);
  for (const event of process.eventNames())
    add(`listener of process '${String(event)}'`, process.listenerCount(event));
  return counts;
}

/** Resolves when there is nothing that was not there before. */
export async function nothingLeft(before: Resources, timeoutMs = 10_000): Promise<void> {
  const check = (): void => {
    const more: string[] = [];
    for (const [type, count] of resources()) {
      const surplus = count - (before.get(type) ?? 0);
      // files and DNS are of the process, not of a plugin: nobody can close a request that is under way
      if (surplus > 0 && !transient.has(type)) more.push(`${surplus} x ${type}`);
    }
    assert.deepEqual(more, [], 'left open after close()');
  };
  await eventually(check, { timeoutMs });
}

const transient: ReadonlySet<string> = new Set(['Immediate', 'CloseReq', 'FSReqPromise', 'FSReqCallback']);

/** Throws when somebody still listens on the signal. */
export function noListeners(signal: AbortSignal): void {
  assert.equal(getEventListeners(signal, 'abort').length, 0, 'listeners left on an abort signal');
}
