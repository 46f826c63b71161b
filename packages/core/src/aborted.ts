import { MicroError } from './errors.ts';

/** What a rejected promise carries when its signal has aborted: the reason when it is a MicroError, else `canceled`. */
export function abortError(signal: AbortSignal): MicroError {
  const { reason } = signal;
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new MicroError('timeout', 'the time was up', { cause: reason });
  }
  return reason instanceof MicroError
    ? reason
    : new MicroError('canceled', 'canceled by the caller', { cause: reason });
}
