import { MicroError } from './errors.ts';

/** What a wait rejects with when its signal has aborted. */
export function abortError(signal: AbortSignal): MicroError {
  return new MicroError('canceled', 'canceled by the caller', { cause: signal.reason });
}
