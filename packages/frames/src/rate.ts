import { now } from '@micro/core/plugin';

/** Counts what a peer does in a second. */
export class Rate {
  private readonly most: number;
  private count = 0;
  private since = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** Counts one more; true: it is too many. */
  exceeded(): boolean {
    const time = now();
    if (time - this.since >= 1000) {
      this.since = time;
      this.count = 0;
    }
    return ++this.count > this.most;
  }
}
