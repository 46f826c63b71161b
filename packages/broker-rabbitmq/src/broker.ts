import { type Broker, type BrokerFeature, type Message, MicroError } from '@micro/core';
import {
  abortable,
  atMost,
  checkAsked,
  checkSignal,
  checkTopic,
  heldSubscriptions,
} from '@micro/core/plugin';
import { publishingExchange } from './exchanges.ts';
import { keep } from './kept.ts';
import { encodeMessage } from './message.ts';
import { keyOf } from './names.ts';
import { type RabbitmqBrokerOptions, settingsOf } from './options.ts';
import { makeSessions, type Session } from './sessions.ts';
import { makeSubscription } from './subscription.ts';

/** Of one batch at once on the way: more would only wait in the socket. */
const window = 512;

/**
 * Events over RabbitMQ, on go-micro's exchange, at least once: `publish` resolves when RabbitMQ has confirmed the
 * messages, those of durable queues written to disk.
 */
export function rabbitmqBroker(options: RabbitmqBrokerOptions = {}): Broker {
  const settings = settingsOf(options);
  const sessions = makeSessions(options, settings);
  const exchange = publishingExchange(settings);
  const subscriptions = heldSubscriptions();
  const features: ReadonlySet<BrokerFeature> = new Set<BrokerFeature>([
    ...(['ack', 'redelivery', 'queue', 'keep'] as const),
    ...(settings.goQueues ? [] : (['order', 'durable'] as const)),
  ]);
  const own = { name: 'rabbitmq', features };
  let unconfirmed = 0;
  let closing: Promise<void> | undefined;

  async function send(session: Session, topic: string, message: Message, keeping: boolean): Promise<void> {
    const { confirmed } = session;
    const key = keyOf(topic);
    if (keeping) await keep(confirmed, exchange, key, topic, message);
    else await confirmed.publish(exchange, key, message.body, encodeMessage(topic, message));
  }

  async function publish(
    topic: string,
    messages: readonly Message[],
    keeping: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const session = await sessions.open(signal);
    for (let at = 0; at < messages.length; at += window) {
      checkSignal(signal);
      const sent = messages.slice(at, at + window).map((message) => send(session, topic, message, keeping));
      await abortable(Promise.all(sent), signal);
    }
  }

  async function shut(): Promise<void> {
    await atMost(subscriptions.stopAll(), settings.timeoutMs);
    await sessions.close();
  }

  return {
    ...own,
    async publish(topic, messages, { keep: keeping = false, signal } = {}) {
      checkTopic(topic);
      checkSignal(signal);
      if (unconfirmed > 0 && unconfirmed + messages.length > settings.maxUnconfirmed)
        throw new MicroError('overloaded', `rabbitmq: ${unconfirmed} messages wait for their confirmation`);
      unconfirmed += messages.length;
      try {
        await publish(topic, messages, keeping, signal);
      } finally {
        unconfirmed -= messages.length;
      }
    },
    async subscribe(topic, deliver, subscribing) {
      checkAsked(own, topic, subscribing, 'rabbitmq has it without goQueues');
      checkSignal(subscribing.signal);
      const subscription = await makeSubscription(topic, deliver, subscribing, { sessions, settings });
      return subscriptions.hold(subscription);
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };
}
