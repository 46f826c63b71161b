import type { Verdict } from '@micro/core';
import { nanoseconds } from './jetstream.ts';
import type { Sessions } from './session.ts';

// What is said to JetStream about a message (NATS ADR-15)
export const inProgress = '+WPI';
export const givenBack = '-NAK';

export function wordsFor(verdict: Verdict): string {
  if (verdict.outcome === 'ack') return '+ACK';
  return verdict.delayMs > 0
    ? `${givenBack} ${JSON.stringify({ delay: nanoseconds(verdict.delayMs) })}`
    : givenBack;
}

/** Says it to the server, or when it is back: a verdict must not be lost with the connection. */
export interface Acknowledgements {
  say(reply: string, words: string): void;
  /** The connection is back. */
  resend(): void;
}

export function makeAcknowledgements(sessions: Sessions): Acknowledgements {
  let kept: (readonly [reply: string, words: string])[] = []; // no more than were in flight
  return {
    say(reply, words) {
      const client = sessions.current?.client;
      if (client !== undefined) client.publish(reply, words);
      else if (words !== inProgress) kept.push([reply, words]);
    },
    resend() {
      const resending = kept;
      kept = [];
      for (const [reply, words] of resending) this.say(reply, words);
    },
  };
}
