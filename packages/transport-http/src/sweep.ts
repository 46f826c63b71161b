/**
 * The coarse clock for all time limits of a listener or a pool: a timer for each connection would cost more
 * than a call. Does not keep the process alive.
 */
export class Sweep {
  tick = 0;
  private readonly intervalMs: number;
  private readonly run: () => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(shortestMs: number, run: () => void) {
    this.intervalMs = Math.min(1000, Math.max(5, Math.floor(shortestMs / 4)));
    this.run = run;
  }

  /** So many ticks on, at least that much time has passed. */
  ticks(ms: number): number {
    return Math.ceil(ms / this.intervalMs) + 1;
  }

  start(): void {
    this.timer ??= setInterval(() => {
      this.tick++;
      this.run();
    }, this.intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
