import { type Deliver, type Message, MicroError, report } from '@micro/core';
import { makePlaces } from './places.ts';

/** One subscription's part in the receiver. */
export interface Consumer {
  readonly topic: string;
  /** False: it takes no more messages. */
  readonly active: boolean;
  readonly onError: (error: MicroError) => void;
  /** As `Places.take`: false also when it takes no more. */
  enter(turn: (mine: boolean) => void): () => void;
  leave(): void;
  /** Hands the message to the handler. False: the handler was given up, and nobody knows how far it came. */
  handle(message: Message): Promise<boolean>;
  /** Resolves when no handler runs, or, once the signal aborts, at once: what still runs is given up. */
  stop(signal: AbortSignal | undefined): Promise<void>;
}

export interface ConsumerOptions {
  readonly maxInFlight: number;
  readonly onError: (error: MicroError) => void;
}

export function makeConsumer(topic: string, deliver: Deliver, options: ConsumerOptions): Consumer {
  // The line is as long as there are connections
  const places = makePlaces(options.maxInFlight, Number.POSITIVE_INFINITY);
  const running = new Set<AbortController>();
  let active = true;
  let onIdle: (() => void) | undefined;

  return {
    topic,
    onError: options.onError,
    get active() {
      return active;
    },
    enter(turn) {
      if (active) return places.take(turn);
      turn(false);
      return () => undefined;
    },
    leave: () => places.give(),
    async handle(message) {
      const flight = new AbortController();
      const { signal } = flight;
      running.add(flight);
      try {
        const givenUp = new Promise<undefined>((resolve) => {
          signal.addEventListener('abort', () => resolve(undefined));
        });
        const delivery = { message, attempt: 1, publishedAt: Date.now(), signal };
        const verdict = await Promise.race([deliver(delivery), givenUp]);
        if (verdict?.outcome === 'retry')
          report(
            'event.lost',
            topic,
            new MicroError('unimplemented', 'the http broker cannot deliver it again'),
          );
        return verdict !== undefined;
      } catch (error) {
        options.onError(MicroError.from(error)); // against its contract
        return true;
      } finally {
        running.delete(flight);
        if (running.size === 0) onIdle?.();
      }
    },
    async stop(signal) {
      active = false;
      places.clear();
      if (running.size === 0) return;
      const giveUp = (): void => {
        const reason = new MicroError('canceled', 'the subscription has stopped');
        for (const flight of running) flight.abort(reason);
      };
      const before = onIdle;
      const idle = new Promise<void>((resolve) => {
        onIdle = () => {
          before?.();
          resolve();
        };
      });
      if (signal?.aborted) giveUp();
      else signal?.addEventListener('abort', giveUp);
      await idle;
      signal?.removeEventListener('abort', giveUp);
    },
  };
}
