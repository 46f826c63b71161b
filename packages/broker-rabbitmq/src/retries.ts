import type { ConsumeMessage } from 'amqplib';
import type { Confirmed } from './confirmed.ts';
import { againAfter } from './message.ts';
import { fitting } from './names.ts';

/** How long a queue of retries outlives its last message. */
const idleMs = 60_000;

/**
 * A queue of the classic type drops what expires while the queue it should go to is not there yet: after a restart.
 * One of this kind keeps each message until it has arrived (RabbitMQ 3.10 and later).
 */
const safely = {
  'x-queue-type': 'quorum',
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
};

/**
 * Delays without a plugin of the server: a queue in which messages expire, and go back from there to the queue they
 * came from. One for each delay, because a queue expires its messages at its head alone; delays are rounded up, in
 * steps of 1.4, so that there are few. Resolves when the server has it; then the message itself may be acknowledged.
 */
export async function putAside(
  confirmed: Confirmed,
  queue: string,
  message: ConsumeMessage,
  attempt: number,
  delayMs: number,
): Promise<void> {
  const ms = stepOf(delayMs);
  const name = fitting(`${queue}.retry.${ms}`);
  await confirmed.queue(name, {
    durable: true,
    ...{ messageTtl: ms, expires: ms + idleMs, deadLetterExchange: '', deadLetterRoutingKey: queue },
    arguments: safely,
  });
  await confirmed.publish('', name, message.content, againAfter(attempt, message));
}

/** The next power of the square root of two. */
export function stepOf(ms: number): number {
  return Math.ceil(2 ** (Math.ceil(2 * Math.log2(Math.max(1, ms))) / 2));
}
