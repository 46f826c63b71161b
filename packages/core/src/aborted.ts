import { isMicroError, MicroError } from './errors.ts';
import { offAbort, onAbort } from './on-abort.ts';

/** What a wait rejects with when its signal has aborted: `timeout` for a timeout's signal, else `canceled`. */
export function abortError(signal: AbortSignal): MicroError {
  const cause: unknown = signal.reason;
  if (isMicroError(cause)) return cause;
  // A DOMException is no Error of this realm in every test runner: its name is what counts
  const timedOut =
    typeof cause === 'object' && cause !== null && 'name' in cause && cause.name === 'TimeoutError';
  if (timedOut) return new MicroError('timeout', 'the time was up', { cause });
  return new MicroError('canceled', 'canceled by the caller', { cause });
}

/** Throws what a call with this signal rejects with, when it has aborted. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/** The same promise, but rejected when the signal aborts: the work goes on for others who share it. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortError(signal));
    if (signal.aborted) abort();
    onAbort(signal, abort);
    promise.then(resolve, reject).finally(() => offAbort(signal, abort));
  });
}

/** Waits for the work, but not longer than until the signal aborts: the work goes on. Rejects as the work does. */
export async function orAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  let end = (): void => undefined;
  const aborted = new Promise<void>((resolve) => {
    end = resolve;
  });
  if (signal !== undefined) onAbort(signal, end);
  if (signal?.aborted) end();
  await Promise.race([work, aborted]).finally(() => signal !== undefined && offAbort(signal, end));
}
