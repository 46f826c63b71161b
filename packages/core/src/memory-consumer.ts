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
  /** Items that wait for a retry of its own: they count in `maxInFlight` too. */
  retrying: number;
  give(item: Item): void;
}

/** An item with a member. `takenBack`: its verdict does not count any more. */
interface Flight {
  readonly item: Item;
  takenBack: boolean;
  abort: AbortController | undefined;
}

/** The queue, as a consumer sees it. */
export interface Owner {
  /** `holder` has the item on its account until the retry is due. */
  settle(item: Item, verdict: Verdict, holder?: Consumer): void;
  remove(): void;
}

/** What a handler gets that rejects although it must not: not at once again, or it would loop hot. */
const afterRejection: Verdict = { outcome: 'retry', delayMs: 1000 };

/** Hands items to a handler and waits for verdicts. */
export function makeConsumer(deliver: Deliver, options: SubscribeOptions, owner: Owner): Consumer {
  const { maxInFlight, onError } = options;
  const flights = new Set<Flight>();
  let leaving: Promise<void> | undefined;
  let onIdle: (() => void) | undefined;

  function finish(flight: Flight, verdict: Verdict): void {
    if (flight.takenBack) return;
    flights.delete(flight);
    owner.settle(flight.item, verdict, leaving === undefined ? consumer : undefined);
    if (flights.size === 0) onIdle?.();
  }

  function takeBack(flight: Flight): void {
    finish(flight, { outcome: 'retry', delayMs: 0 });
    flight.takenBack = true;
    flight.abort?.abort(new MicroError('canceled', 'the subscription has stopped'));
  }

  function give(item: Item): void {
    item.attempt++;
    const flight: Flight = { item, takenBack: false, abort: undefined };
    flights.add(flight);
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
        onError(MicroError.from(error));
        finish(flight, afterRejection);
      },
    );
  }

  /** In the reverse order, as each goes to the front of the queue. */
  function giveAllBack(): void {
    for (const flight of [...flights].reverse()) takeBack(flight);
  }

  async function drain(): Promise<void> {
    if (flights.size > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    }
    owner.remove();
  }

  const consumer: Consumer = {
    retrying: 0,
    get leaving() {
      return leaving !== undefined;
    },
    get free() {
      return leaving === undefined ? maxInFlight - flights.size - consumer.retrying : 0;
    },
    give,
    async leave(signal) {
      leaving ??= drain();
      if (signal?.aborted) giveAllBack();
      else signal?.addEventListener('abort', giveAllBack);
      await leaving;
      signal?.removeEventListener('abort', giveAllBack);
    },
  };
  return consumer;
}
