import { now, staleClock } from './clock.ts';
import { longestTimerMs } from './retry.ts';

/** Something that ends at a time. */
export interface Expiring {
  /** On the clock of `now()`, in ms; greater than 0. */
  readonly endsAt: number;
  /** Its place in the table; owned by the table. -1: not in it. */
  place: number;
  expire(): void;
}

/**
 * Ends what is due, with one timer for all: it stands at a lower bound of all deadlines, and when it fires
 * everything is looked at. Adding and removing cost a few instructions and no allocation.
 */
export class Deadlines {
  private readonly entries: (Expiring | undefined)[] = [];
  private readonly free: number[] = [];
  private earliest = Number.POSITIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private holders = 0;

  add(entry: Expiring): void {
    const place = this.free.pop() ?? this.entries.length;
    entry.place = place;
    this.entries[place] = entry;
    if (entry.endsAt < this.earliest) this.arm(entry.endsAt);
  }

  remove(entry: Expiring): void {
    if (entry.place < 0) return;
    this.entries[entry.place] = undefined;
    this.free.push(entry.place);
    entry.place = -1;
  }

  /** Keeps the process alive until `release`: for entries that wait with no socket open. */
  hold(): void {
    if (this.holders++ === 0) this.timer?.ref();
  }

  release(): void {
    if (--this.holders === 0) this.timer?.unref();
  }

  private arm(deadline: number): void {
    this.earliest = deadline;
    clearTimeout(this.timer);
    const delay = Math.min(longestTimerMs, Math.max(1, Math.ceil(deadline - now())));
    this.timer = setTimeout(this.sweep, delay);
    if (this.holders === 0) this.timer.unref();
  }

  private readonly sweep = (): void => {
    this.timer = undefined;
    this.earliest = Number.POSITIVE_INFINITY;
    staleClock();
    const time = now();
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.entries) {
      if (entry === undefined) continue;
      if (entry.endsAt <= time) {
        this.remove(entry);
        entry.expire();
      } else if (entry.endsAt < next) next = entry.endsAt;
    }
    if (next < this.earliest) this.arm(next);
    else if (this.entries.length === this.free.length) this.entries.length = this.free.length = 0;
  };
}

/** The deadlines of this process. */
export const deadlines: Deadlines = new Deadlines();
