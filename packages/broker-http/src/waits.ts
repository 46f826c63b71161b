import { MicroError } from '@micro/core';

export function closedError(): MicroError {
  return new MicroError('unavailable', 'the http broker is closed');
}

/** Resolves after the time, or when a signal aborts. */
export function pause(ms: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const signal of signals) signal?.addEventListener('abort', done);
    if (signals.some((signal) => signal?.aborted)) done();
  });
}

/** Waits for the work, which never rejects, but not longer than the signal. */
export async function orAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  let end: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => {
    end = resolve;
  });
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  await Promise.race([work, aborted]);
  signal.removeEventListener('abort', end);
}
