import { isMicroError, MicroError } from './errors.ts';

/**
 * How much repeating a service may get: a share of its calls, and a little always (Finagle's RetryBudget:
 * 20 % of requests, 10 a second besides, saved up for 10 s).
 */
export class RetryBudget {
  private balance = reserve;
  private earned = 0;
  private refilledAt = performance.now();

  /** A call was made. */
  deposit(): void {
    if (this.earned < reserve) this.earned += share;
  }

  /** Whether one more repetition is within the budget; takes it. */
  withdraw(): boolean {
    const time = performance.now();
    this.balance = Math.min(reserve, this.balance + ((time - this.refilledAt) / 1_000) * perSecond);
    this.refilledAt = time;
    if (this.earned >= 1) this.earned -= 1;
    else if (this.balance >= 1) this.balance -= 1;
    else return false;
    return true;
  }
}
const share = 0.2;
const perSecond = 10;
const reserve = 100;

/** A random wait before the attempt after `attempt` failures, up to 100 ms and twice as long each time, to 1 s (gRPC proposal A6). */
export function backoffMs(attempt: number): number {
  return Math.random() * Math.min(100 * 2 ** attempt, 1_000);
}

/** The longest delay of a Node timer, in ms; longer ones would fire at once. */
export const longestTimerMs: number = 2 ** 31 - 1;

/** Resolves after the time, or at once when the signal aborts. Keeps the process alive only when `hold` says so. */
export function pause(ms: number, signal: AbortSignal, hold = false): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(ms, longestTimerMs));
    if (!hold) timer.unref();
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}

/** Runs the attempt with a signal of its own, which aborts after the time or with the other signal. */
export async function bounded<T>(
  limitMs: number,
  signal: AbortSignal,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  const late = (): void => controller.abort(new MicroError('timeout', `not within ${limitMs} ms`));
  const timer = setTimeout(late, Math.min(limitMs, longestTimerMs)).unref();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await attempt(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** Tries until it succeeds, with a backoff; rejects with the last failure when the time is over or the signal aborts. */
export async function persist<T>(
  attempt: () => Promise<T>,
  limitMs: number,
  signal: AbortSignal,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      const delay = backoffMs(failures);
      const final = isMicroError(error) && error.code !== 'unavailable' && error.code !== 'timeout';
      if (final || signal.aborted || performance.now() + delay > end) throw error;
      await pause(delay, signal, true);
    }
  }
}
