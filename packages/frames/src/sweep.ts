/** Somebody with time limits. */
export interface Swept {
  check(): void;
}

/**
 * The coarse clock for all time limits of a transport: a timer for each connection would cost more than a call.
 * Runs while somebody is looked after, and does not keep the process alive.
 */
export class Sweep {
  tick = 0;
  private readonly intervalMs: number;
  private readonly members = new Set<Swept>();
  private timer: NodeJS.Timeout | undefined;

  /** `shortestMs`: of all the limits that are checked. */
  constructor(shortestMs: number) {
    this.intervalMs = Math.min(1000, Math.max(5, Math.floor(shortestMs / 4)));
  }

  /** So many ticks on, at least that much time has passed. */
  ticks(ms: number): number {
    return Math.ceil(ms / this.intervalMs) + 1;
  }

  add(member: Swept): void {
    this.members.add(member);
    this.timer ??= setInterval(() => {
      this.tick++;
      for (const one of this.members) one.check();
    }, this.intervalMs).unref();
  }

  remove(member: Swept): void {
    this.members.delete(member);
    if (this.members.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
