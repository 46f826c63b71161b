import type { MicroError } from '@micro/core';
import { natsError } from '@micro/nats';
import { errors, type NatsConnection } from '@nats-io/transport-node';

/** Core NATS confirms nothing by itself: a ping behind what was sent, and its pong, tell that the server has read it. */
export interface Flush {
  /** Resolves when the server has read what was sent so far, and rejects when it refused some of it on that subject. */
  until(subject: string): Promise<void>;
  /** The server has refused something on the subject. */
  refuse(error: MicroError, subject: string): void;
}

const mostRemembered = 1_000;

export function makeFlush(client: NatsConnection): Flush {
  const refusals = new Map<string, MicroError>();
  let next: Promise<void> | undefined;

  /** One ping for all that is sent in one turn of the event loop. */
  function shared(): Promise<void> {
    next ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      next = undefined;
      return ping();
    });
    return next;
  }

  async function ping(): Promise<void> {
    try {
      await client.flush();
    } catch (error) {
      const gone = error instanceof errors.ClosedConnectionError ? 'closed' : 'flushing';
      throw natsError(error, gone);
    }
    // The refusal, which came before the pong, reaches us by an iterator of the library: a turn later
    await new Promise((resolve) => setImmediate(resolve));
  }

  return {
    async until(subject) {
      const before = refusals.get(subject);
      await shared();
      const after = refusals.get(subject);
      if (after !== undefined && after !== before) throw after;
    },
    refuse(error, subject) {
      if (refusals.size >= mostRemembered) refusals.clear();
      refusals.set(subject, error);
    },
  };
}
