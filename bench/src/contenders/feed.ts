/** Messages that a server may send before the reader has asked for more. */
export const credit = 256;

/** The reader's end of a stream by hand: it asks for more, half the credit at a time, as it reads. */
export class Feed implements AsyncIterator<unknown> {
  private readonly ready: unknown[] = [];
  private at = 0;
  private read = 0;
  private waiting: ((result: IteratorResult<unknown>) => void) | undefined;
  private readonly more: (count: number) => void;

  constructor(more: (count: number) => void) {
    this.more = more;
    more(credit);
  }

  give(message: unknown): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.ready.push(message);
    else waiting({ done: false, value: message });
  }

  next(): Promise<IteratorResult<unknown>> {
    if (++this.read === credit / 2) {
      this.read = 0;
      this.more(credit / 2);
    }
    const { ready, at } = this;
    if (at < ready.length) {
      const value = ready[at];
      this.at++;
      if (this.at === ready.length) this.at = ready.length = 0;
      return Promise.resolve({ done: false, value });
    }
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }
}
