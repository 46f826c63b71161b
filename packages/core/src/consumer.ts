import type { Deliver, Delivery, Message, Verdict } from './broker.ts';
import { MicroError } from './errors.ts';

/** A message that a backend has handed over. Exactly one of `settle`, `giveBack` and `drop` of its consumer ends it. */
export interface Received {
  readonly message: Message;
  readonly attempt: number;
  readonly publishedAt: number;
  /** Its handler has decided, at this attempt: acknowledge it, or have it delivered again after the delay. */
  settle(verdict: Verdict, attempt: number): void;
  /** It is tried again here (`retryHere`): this attempt begins now. */
  again?(attempt: number): void;
  /** Not decided, and not ours any more: the subscription stops. `attempt` is the last one that was begun. */
  giveBack(attempt: number): void;
}

export interface ConsumerOptions {
  readonly maxInFlight: number;
  /** One at a time per key, in the order in which they were given; a message without a key is not ordered. */
  readonly ordered: boolean;
  /** Retries wait here, keep their place and their key, and are counted here: the backend is told the last verdict only. */
  readonly retryHere: boolean;
  readonly onError: (error: MicroError) => void;
  /** A place has become free. */
  readonly onFree: () => void;
}

/** The part of a subscription that every broker plugin has: handlers, their bound, their order, and how they stop. */
export interface Consumer<R extends Received = Received> {
  /** How many more it takes: of `maxInFlight`, less those without a verdict. 0 once it stops. */
  readonly free: number;
  /** What has no verdict yet, the oldest first. */
  readonly undecided: Iterable<R>;
  give(received: R): void;
  /** The backend has taken them away, all of them by default: handlers are told by their signal, nothing is settled. */
  drop(taken?: (received: R) => boolean): void;
  /**
   * Gives back what has not begun, waits for running handlers and settles them. When the signal aborts, what still
   * runs is given back too. Twice is one stop.
   */
  stop(signal?: AbortSignal | undefined): Promise<void>;
}

/** A message with a handler, or before one. */
interface Flight<R> {
  readonly received: R;
  attempt: number;
  running: boolean;
  /** Its verdict counts for nothing any more. */
  over: boolean;
  abort: AbortController | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** What a handler gets that rejects although it must not: not at once again, or it would loop hot. */
const afterRejection: Verdict = Object.freeze({ outcome: 'retry', delayMs: 1_000 });

export function makeConsumer<R extends Received>(deliver: Deliver, options: ConsumerOptions): Consumer<R> {
  const { maxInFlight, ordered, retryHere, onError, onFree } = options;
  const flights = new Set<Flight<R>>();
  const lanes = new Map<string, Flight<R>[]>(); // the first of each is running, or waits for its retry
  let stopping = false;
  let idle: PromiseWithResolvers | undefined;

  const keyOf = ({ received: { message } }: Flight<R>): string | undefined =>
    ordered ? message.key : undefined;

  function run(flight: Flight<R>): void {
    const { message, publishedAt } = flight.received;
    flight.running = true;
    const delivery: Delivery = {
      message,
      publishedAt,
      attempt: flight.attempt,
      get signal() {
        flight.abort ??= new AbortController();
        if (flight.over) flight.abort.abort();
        return flight.abort.signal;
      },
    };
    const failed = (error: unknown): void => {
      onError(MicroError.from(error)); // against its contract
      decided(flight, afterRejection);
    };
    try {
      deliver(delivery).then((verdict) => decided(flight, verdict), failed);
    } catch (error) {
      failed(error);
    }
  }

  function decided(flight: Flight<R>, verdict: Verdict): void {
    if (flight.over) return;
    flight.running = false;
    if (verdict.outcome === 'ack' || !retryHere || stopping) {
      end(flight);
      flight.received.settle(verdict, flight.attempt);
      if (!stopping) onFree();
      return;
    }
    flight.timer = setTimeout(() => {
      flight.attempt++;
      flight.received.again?.(flight.attempt);
      run(flight);
    }, verdict.delayMs);
    flight.timer.unref();
  }

  function end(flight: Flight<R>): void {
    flight.over = true;
    flights.delete(flight);
    clearTimeout(flight.timer);
    leaveLane(flight);
    if (flights.size === 0) idle?.resolve();
  }

  function leaveLane(flight: Flight<R>): void {
    const key = keyOf(flight);
    const lane = key === undefined ? undefined : lanes.get(key);
    if (key === undefined || lane === undefined) return;
    const wasFirst = lane[0] === flight;
    lane.splice(lane.indexOf(flight), 1);
    const [next] = lane;
    if (next === undefined) lanes.delete(key);
    else if (wasFirst && !stopping) run(next);
  }

  function take(flight: Flight<R>, code: 'canceled' | 'unavailable', why: string): void {
    end(flight);
    flight.abort?.abort(new MicroError(code, why));
  }

  function giveBack(flight: Flight<R>): void {
    take(flight, 'canceled', 'the subscription has stopped');
    flight.received.giveBack(flight.attempt);
  }

  function giveAllBack(): void {
    for (const flight of [...flights]) giveBack(flight);
  }

  return {
    get free() {
      return stopping ? 0 : maxInFlight - flights.size;
    },
    get undecided() {
      return [...flights].map(({ received }) => received);
    },
    give(received) {
      const { attempt } = received;
      const flight: Flight<R> = {
        received,
        attempt,
        running: false,
        over: false,
        abort: undefined,
        timer: undefined,
      };
      flights.add(flight);
      if (stopping) return giveBack(flight);
      const key = keyOf(flight);
      const lane = key === undefined ? undefined : lanes.get(key);
      if (lane !== undefined) lane.push(flight);
      else {
        if (key !== undefined) lanes.set(key, [flight]);
        run(flight);
      }
    },
    drop(taken = () => true) {
      const gone = [...flights].filter(({ received }) => taken(received));
      // From the back, so that no lane lets the next one run that goes too
      for (const flight of gone.reverse())
        take(flight, 'unavailable', 'the backend has taken the message away');
      if (gone.length > 0 && !stopping) onFree();
    },
    async stop(signal) {
      stopping = true;
      for (const flight of [...flights]) if (!flight.running) giveBack(flight);
      if (flights.size === 0) return;
      idle ??= withResolvers();
      if (signal?.aborted) giveAllBack();
      signal?.addEventListener('abort', giveAllBack);
      await idle.promise;
      signal?.removeEventListener('abort', giveAllBack);
    },
  };
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
