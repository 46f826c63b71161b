import { MicroError } from './errors.ts';
import { Inbox } from './inbox.ts';

/** A stream written by hand: give it to a call as its requests, or return it from a handler. */
export interface Channel<T> extends AsyncIterable<T> {
  /** Resolves when there is room for the next message; rejects with `canceled` once the reader has left. */
  send(message: T): Promise<void>;
  /** No more messages; the reader ends after those sent, or gets the error. */
  end(error?: Error): void;
}

/** Makes a channel that holds up to `buffer` messages nobody has read; 0: each waits for its reader. @default 16 */
export function channel<T>({ buffer = 16 }: { readonly buffer?: number } = {}): Channel<T> {
  if (!(buffer >= 0)) throw new MicroError('bad_request', `buffer must be a number from 0, not ${buffer}`);
  let over = false;
  let left = false;
  let full = false;
  let writers: (() => void)[] = [];
  const wake = (): void => {
    const woken = writers;
    writers = [];
    for (const resolve of woken) resolve();
  };
  const inbox = new Inbox(() => {
    over = left = true;
    wake();
  }, buffer);
  inbox.sink = {
    pause() {
      full = true;
    },
    resume() {
      full = false;
      wake();
    },
  };
  const gone = (): MicroError =>
    new MicroError('canceled', 'the channel is closed: its reader has left, or it was ended');
  return {
    [Symbol.asyncIterator]: () => inbox as AsyncIterator<unknown> as AsyncIterator<T>,
    async send(message) {
      if (over) throw gone();
      inbox.push(message);
      if (!full) return;
      await new Promise<void>((resolve) => writers.push(resolve));
      if (left) throw gone();
    },
    end(error) {
      over = true;
      inbox.end(error);
      wake();
    },
  };
}
