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
