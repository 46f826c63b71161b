import type { MicroError } from './errors.ts';
import { longestTimerMs, pause } from './retry.ts';

/** Waits for the work, but no longer than the time: for what a dead server would never answer. Rejects as the work does. */
export async function atMost(work: Promise<unknown>, limitMs: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, pause(limitMs, over.signal, true)]).finally(() => over.abort());
}

/** The work's result; rejects with the error when there is none in time. What the work does then concerns nobody. */
export async function inTime<T>(work: Promise<T>, limitMs: number, late: () => MicroError): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), Math.min(limitMs, longestTimerMs));
  });
  return Promise.race([work, over]).finally(() => clearTimeout(timer));
}
