import { pause } from './retry.ts';

/** Waits for the work, but no longer than the time: for what a dead server would never answer. Rejects as the work does. */
export async function atMost(work: Promise<unknown>, limitMs: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, pause(limitMs, over.signal, true)]).finally(() => over.abort());
}
