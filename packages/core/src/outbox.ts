/** Takes messages from an iterable as fast as the peer reads them. */
export class Outbox {
  private readonly source: AsyncIterable<unknown>;
  private readonly write: (message: unknown) => boolean;
  private iterator: AsyncIterator<unknown> | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;
  private wake: (() => void) | undefined;

  /** `write` returns false when it should be given no more until `drained`. */
  constructor(source: AsyncIterable<unknown>, write: (message: unknown) => boolean) {
    this.source = source;
    this.write = write;
  }

  /** Resolves when the iterable has ended, or after `stop`; rejects with what it throws. Starts once. */
  start(): Promise<void> {
    this.running ??= this.run();
    return this.running;
  }

  drained(): void {
    this.wake?.();
    this.wake = undefined;
  }

  /** Nobody reads any more: lets the iterable clean up, without waiting for it. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.drained();
    this.leave().catch(() => undefined); // its own failure concerns nobody any more
  }

  /** Also an iterable that was never begun: a channel's writer wants to know that nobody will read. */
  private async leave(): Promise<void> {
    this.iterator ??= this.source[Symbol.asyncIterator]();
    // A generator that waits inside next() returns when it wakes
    await this.iterator.return?.();
  }

  private async run(): Promise<void> {
    if (this.stopped) return;
    this.iterator = this.source[Symbol.asyncIterator]();
    while (!this.stopped) {
      const { done, value } = await this.iterator.next();
      if (this.stopped) return;
      if (done) {
        this.stopped = true;
        return;
      }
      if (!this.write(value)) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    }
  }
}
