import type { Deliver, Delivery, Message, SubscribeOptions, Verdict } from './broker.ts';
import { MicroError } from './errors.ts';

/** A message in a queue. */
export interface Item {
  readonly message: Message;
  readonly publishedAt: number;
  attempt: number;
  /** It holds its key, so that no other message of the key is given out (`ordered`). */
  locked: boolean;
}

/** One subscription. */
export interface Member {
  readonly leaving: boolean;
  /** Resolves when what was running has its verdict, or was given back because the signal aborted. */
  leave(signal: AbortSignal | undefined): Promise<void>;
}

/** A member as its queue sees it. */
export interface Consumer extends Member {
  readonly free: number;
  give(item: Item): void;
  /** Takes back what has no verdict in time; when to look again. */
  expire(time: number): number;
}

/** An item with a member. `takenBack`: its verdict does not count any more. */
interface Flight {
  readonly item: Item;
  readonly ackBy: number;
  takenBack: boolean;
  abort: AbortController | undefined;
}

/** The queue, as a consumer sees it. */
export interface Owner {
  settle(item: Item, verdict: Verdict): void;
  wakeAt(time: number): void;
  remove(): void;
}

/** What a handler gets that rejects although it must not: not at once again, or it would loop hot. */
const afterRejection: Verdict = { outcome: 'retry', delayMs: 1000 };
const defaultAckWaitMs = 30_000;

/** Hands items to a handler and waits for verdicts. */
export function makeConsumer(deliver: Deliver, options: SubscribeOptions, owner: Owner): Consumer {
  const { maxInFlight, ackWaitMs = defaultAckWaitMs, onError } = options;
  const flights = new Set<Flight>();
  let leaving: Promise<void> | undefined;
  let onIdle: (() => void) | undefined;

  function finish(flight: Flight, verdict: Verdict): void {
    if (flight.takenBack) return;
    flights.delete(flight);
    owner.settle(flight.item, verdict);
    if (flights.size === 0) onIdle?.();
  }

  function takeBack(flight: Flight, why: string): void {
    finish(flight, { outcome: 'retry', delayMs: 0 });
    flight.takenBack = true;
    flight.abort?.abort(new MicroError('canceled', why));
  }

  function give(item: Item): void {
    item.attempt++;
    const flight: Flight = { item, ackBy: performance.now() + ackWaitMs, takenBack: false, abort: undefined };
    flights.add(flight);
    owner.wakeAt(flight.ackBy);
    const { attempt, message, publishedAt } = item;
    const delivery: Delivery = {
      message,
      attempt,
      publishedAt,
      get signal() {
        flight.abort ??= new AbortController();
        if (flight.takenBack) flight.abort.abort();
        return flight.abort.signal;
      },
    };
    new Promise<Verdict>((resolve) => resolve(deliver(delivery))).then(
      (verdict) => finish(flight, verdict),
      (error: unknown) => {
        onError?.(MicroError.from(error));
        finish(flight, afterRejection);
      },
    );
  }

  /** In the reverse order, as each goes to the front of the queue. */
  function giveBack(why: string, which: (flight: Flight) => boolean): void {
    for (const flight of [...flights].reverse()) if (which(flight)) takeBack(flight, why);
  }

  const giveAllBack = (): void => giveBack('the subscription has stopped', () => true);

  async function drain(): Promise<void> {
    if (flights.size > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    }
    owner.remove();
  }

  return {
    get leaving() {
      return leaving !== undefined;
    },
    get free() {
      return leaving === undefined ? maxInFlight - flights.size : 0;
    },
    give,
    expire(time) {
      giveBack(`no verdict within ${ackWaitMs} ms`, ({ ackBy }) => ackBy <= time);
      let next = Number.POSITIVE_INFINITY;
      for (const { ackBy } of flights) next = Math.min(next, ackBy);
      return next;
    },
    async leave(signal) {
      leaving ??= drain();
      if (signal?.aborted) giveAllBack();
      else signal?.addEventListener('abort', giveAllBack);
      await leaving;
      signal?.removeEventListener('abort', giveAllBack);
    },
  };
}
