import {
  type Broker,
  type BrokerFeature,
  type Message,
  MicroError,
  type SubscribeOptions,
  type Subscription,
} from '@micro/core';
import { abortable, atMost, checkSignal } from '@micro/core/plugin';
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
  const subscriptions = new Set<Subscription>();
  const features: ReadonlySet<BrokerFeature> = new Set<BrokerFeature>([
    ...(['ack', 'redelivery', 'queue', 'keep'] as const),
    ...(settings.goQueues ? [] : (['order', 'durable'] as const)),
  ]);
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
    const signal = AbortSignal.abort();
    const stopping = Promise.all([...subscriptions].map((subscription) => subscription.stop({ signal })));
    await atMost(stopping, settings.timeoutMs);
    await sessions.close();
  }

  return {
    name: 'rabbitmq',
    features,
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
      checkTopic(topic);
      checkAsked(topic, subscribing, features);
      checkSignal(subscribing.signal);
      const subscription = await makeSubscription(topic, deliver, subscribing, { sessions, settings });
      subscriptions.add(subscription);
      return {
        topic,
        get active() {
          return subscription.active;
        },
        async stop(stopping) {
          await subscription.stop(stopping);
          subscriptions.delete(subscription);
        },
      };
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };
}

function checkTopic(topic: string): void {
  if (topic === '') throw new MicroError('bad_request', 'a topic needs a name');
}

function checkAsked(
  topic: string,
  { queue, durable, ordered, start, maxInFlight }: SubscribeOptions,
  features: ReadonlySet<BrokerFeature>,
): void {
  const asked = { replay: start !== 'new', durable, order: ordered };
  for (const [feature, wanted] of Object.entries(asked) as [keyof typeof asked, boolean][]) {
    if (!wanted || features.has(feature)) continue;
    throw new MicroError(
      'unimplemented',
      `broker rabbitmq has no "${feature}" here, which was asked for with "${topic}"`,
    );
  }
  if (!Number.isSafeInteger(maxInFlight) || maxInFlight < 1)
    throw new MicroError('bad_request', `maxInFlight must be an integer from 1, not ${maxInFlight}`);
  if (durable && queue === undefined)
    throw new MicroError('bad_request', `the durable subscription of "${topic}" needs a queue`);
  if (queue === '') throw new MicroError('bad_request', 'a queue needs a name');
}
