import { amqpError } from '@micro/amqp';
import {
  type Deliver,
  isMicroError,
  MicroError,
  type SubscribeOptions,
  type Subscription,
} from '@micro/core';
import { atMost, makeConsumer, pause, type Received } from '@micro/core/plugin';
import type { Channel, ConsumeMessage } from 'amqplib';
import { type Acks, makeAcks } from './acks.ts';
import { takeKept } from './kept.ts';
import { attemptOf, decodeMessage, publishedAt } from './message.ts';
import type { Settings } from './options.ts';
import { declareQueue } from './queue.ts';
import { putAside } from './retries.ts';
import type { Session, Sessions } from './sessions.ts';

/** A channel that consumes. What it has delivered is the server's again when it ends. */
interface Attached {
  readonly session: Session;
  readonly channel: Channel;
  readonly acks: Acks;
  readonly queue: string;
  readonly consumerTag: string;
}

const leastPauseMs = 100;
const longestPauseMs = 1_000;
const mostPrefetched = 65_535; // a 16 bit number in AMQP

/** Subscribes on a channel of its own. Consumes when it resolves, and after a loss consumes again by itself. */
export async function makeSubscription(
  topic: string,
  deliver: Deliver,
  options: SubscribeOptions,
  { sessions, settings }: { readonly sessions: Sessions; readonly settings: Settings },
): Promise<Subscription> {
  const { queue, maxInFlight, ordered, onError } = options;
  const stopped = new AbortController();
  const aside = new Set<Promise<void>>(); // retries on their way into a queue of retries
  const late: ConsumeMessage[] = []; // what came after the stop
  let attached: Attached | undefined;
  let recovering: Promise<void> | undefined;
  let leaving: Promise<void> | undefined;
  let ended: Promise<void> | undefined;
  const consumer = makeConsumer(deliver, {
    ...{ maxInFlight, ordered, onError, onFree: () => undefined }, // an acknowledgement makes room by itself
    // What is ordered must not overtake itself, and nobody else could take what has no queue
    retryHere: queue === undefined || ordered,
  });

  function receive(message: ConsumeMessage, acks: Acks): void {
    acks.delivered(message);
    if (stopped.signal.aborted) late.push(message);
    else consumer.give(receivedOf(message, acks));
  }

  function receivedOf(message: ConsumeMessage, acks: Acks): Received {
    const giveBack = (): void => acks.giveBack(message);
    return {
      ...{ message: decodeMessage(message), attempt: attemptOf(message), publishedAt: publishedAt(message) },
      giveBack,
      settle(verdict, attempt) {
        if (attached?.acks !== acks) return; // the server has taken it back
        if (verdict.outcome === 'ack') return acks.ack(message);
        const { session, queue } = attached;
        const putting = putAside(session.confirmed, queue, message, attempt, verdict.delayMs).then(
          () => acks.ack(message),
          (error: unknown) => {
            onError(amqpError(error, 'putting a retry aside'));
            giveBack();
          },
        );
        aside.add(putting);
        void putting.finally(() => aside.delete(putting));
      },
    };
  }

  async function attach(): Promise<void> {
    const session = await sessions.open(options.signal);
    let reason: unknown;
    try {
      const channel = await session.connection.createChannel();
      channel.on('error', (error) => {
        reason = error;
      });
      channel.on('close', () => lose(channel, reason));
      await channel.prefetch(Math.min(maxInFlight, mostPrefetched));
      const name = await declareQueue(channel, topic, options, settings);
      if (queue !== undefined) await takeKept(session.connection, session.confirmed, topic, name);
      const acks = makeAcks(channel, () => attached?.channel === channel);
      let gone = false;
      const { consumerTag } = await channel.consume(name, (message) => {
        if (message !== null) return receive(message, acks);
        gone = true; // the queue was deleted, or its node is going down
        lose(channel, new Error('the server has ended the subscription'));
      });
      if (!gone) attached = { session, channel, acks, queue: name, consumerTag };
    } catch (error) {
      throw amqpError(reason ?? error, `subscribing to ${topic}`);
    }
  }

  function lose(channel: Channel, reason: unknown): void {
    if (attached?.channel !== channel) return;
    const { session } = attached;
    attached = undefined;
    consumer.drop();
    if (stopped.signal.aborted) return;
    recovering ??= recover(session, reason);
  }

  async function recover({ lost }: Session, reason: unknown): Promise<void> {
    const { signal } = stopped;
    // The connection's own reason, where it is that which was lost
    const later = new Promise<unknown>((resolve) =>
      setImmediate(resolve, reason ?? new Error('the channel has ended')),
    );
    onError(amqpError(await Promise.race([lost, later]), `the subscription of ${topic}`));
    for (let wait = leastPauseMs; attached === undefined; ) {
      await pause(wait * (0.5 + Math.random() / 2), signal, true);
      if (signal.aborted) break;
      await attach().catch((error: unknown) => {
        if (!isMicroError(error, 'unavailable')) onError(MicroError.from(error));
      });
      // While there is no connection, nobody is disturbed by the question
      wait = sessions.current === undefined ? leastPauseMs : Math.min(2 * wait, longestPauseMs);
    }
    recovering = undefined;
  }

  /** Nothing comes any more when it resolves. */
  async function stopConsuming(): Promise<void> {
    stopped.abort();
    await recovering;
    if (attached === undefined) return;
    const { channel, acks, consumerTag } = attached;
    await atMost(channel.cancel(consumerTag), settings.timeoutMs);
    for (const message of late) acks.giveBack(message);
  }

  async function end(): Promise<void> {
    await leaving;
    await consumer.stop();
    await atMost(Promise.all(aside), settings.timeoutMs);
    if (attached !== undefined) {
      const { acks, channel } = attached;
      acks.flush();
      await atMost(channel.close(), settings.timeoutMs); // its answer comes behind all acknowledgements
    }
    attached = undefined;
  }

  const told = (error: unknown): void => onError(amqpError(error, `ending the subscription of ${topic}`));
  await attach();
  return {
    topic,
    get active() {
      return attached !== undefined && !stopped.signal.aborted;
    },
    async stop({ signal } = {}) {
      leaving ??= stopConsuming().catch(told);
      ended ??= end().catch(told);
      await leaving;
      await consumer.stop(signal);
      await ended;
    },
  };
}
