import { MicroError } from './errors.ts';

/** Who can be slowed down. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/**
 * What a stream's peer has sent and nobody has read yet: an AsyncIterable for one reader. Full (`limit`
 * messages), it pauses the peer; a reader that leaves ends the stream through `left`.
 */
export class Inbox implements AsyncIterableIterator<unknown> {
  /** Where to slow the peer down; set when the stream is open. */
  sink: Pausable | undefined;
  private readonly left: () => void;
  private readonly queue: unknown[] = [];
  private head = 0;
  private over = false;
  private failure: unknown;
  private paused = false;
  private resolve: ((result: IteratorResult<unknown>) => void) | undefined;
  private reject: ((error: unknown) => void) | undefined;
  private readonly limit: number;

  constructor(left: () => void, limit = 16) {
    this.left = left;
    this.limit = limit;
  }

  push(message: unknown): void {
    if (this.over) return;
    // A check that takes its time gives a promise, which may fail before anybody reads it
    if (message instanceof Promise) message.catch(() => undefined);
    if (this.resolve !== undefined) {
      const { resolve, reject } = this.settle();
      if (message instanceof Promise)
        message.then(
          (value) => resolve({ done: false, value }),
          (error: unknown) => reject(this.spoilt(error)),
        );
      else resolve({ done: false, value: message });
      return;
    }
    this.queue.push(message);
    if (!this.paused && this.queue.length - this.head >= this.limit) {
      this.paused = true;
      this.sink?.pause();
    }
  }

  /** No more follows: what is queued is read first, then the error is thrown, or the iteration ends. */
  end(error?: unknown): void {
    if (this.over) return;
    this.over = true;
    this.failure = error;
    if (this.resolve === undefined) return;
    const { resolve, reject } = this.settle();
    this.failure = undefined;
    if (error === undefined) resolve({ done: true, value: undefined });
    else reject(error);
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.head < this.queue.length) {
      const message = this.shift();
      if (message instanceof Promise)
        return message.then(
          (value) => ({ done: false, value }),
          (error: unknown) => {
            throw this.spoilt(error);
          },
        );
      return Promise.resolve({ done: false, value: message });
    }
    if (this.over) {
      const error = this.failure;
      this.failure = undefined;
      return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
    }
    if (this.resolve !== undefined)
      return Promise.reject(
        new MicroError('conflict', 'a stream has one reader: await next() before the next one'),
      );
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  return(): Promise<IteratorResult<unknown>> {
    this.queue.length = this.head = 0;
    if (!this.over) {
      this.end();
      this.left();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** A message that is found bad ends the stream: `for await` does not return what has failed. */
  private spoilt(error: unknown): unknown {
    void this.return();
    return error;
  }

  private shift(): unknown {
    const message = this.queue[this.head];
    this.queue[this.head++] = undefined;
    if (this.head === this.queue.length) {
      this.queue.length = this.head = 0;
      if (this.paused) {
        this.paused = false;
        this.sink?.resume();
      }
    }
    return message;
  }

  private settle(): { resolve: (result: IteratorResult<unknown>) => void; reject: (error: unknown) => void } {
    const { resolve, reject } = this;
    this.resolve = undefined;
    this.reject = undefined;
    if (resolve === undefined || reject === undefined) throw new Error('nobody waits');
    return { resolve, reject };
  }
}
