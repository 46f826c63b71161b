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

/** A random wait before the attempt after `attempt` failures, up to 100 ms doubling to 1 s (gRPC proposal A6). */
export function backoffMs(attempt: number): number {
  return Math.random() * Math.min(100 * 2 ** attempt, 1_000);
}

/** Resolves after the time, or at once when the signal aborts. Does not keep the process alive. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
