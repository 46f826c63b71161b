import {
  type Broker,
  type BrokerFeature,
  MicroError,
  type SubscribeOptions,
  type Subscription,
} from '@micro/core';
import { abortable, atMost } from '@micro/core/plugin';
import { NatsLink } from '@micro/nats';
import { makeJetStream } from './jetstream.ts';
import { keepFrom } from './kept.ts';
import { subjectOf } from './names.ts';
import { type NatsBrokerOptions, settingsOf } from './options.ts';
import { plainSubscription } from './plain-subscription.ts';
import { makePublish } from './publisher.ts';
import { makeSessions } from './session.ts';
import { streamSubscription } from './stream-subscription.ts';
import { makeStreams } from './streams.ts';

const plainFeatures: readonly BrokerFeature[] = ['queue'];
const streamFeatures: readonly BrokerFeature[] = [
  ...plainFeatures,
  ...(['ack', 'redelivery', 'order', 'durable', 'replay', 'keep'] as const),
];

/**
 * Events over NATS, in go-micro's encoding. With JetStream, the default, at least once: `publish` resolves when the
 * topic's stream has stored the messages. With `jetstream: false` at most once: it resolves when the server has them.
 */
export function natsBroker(options: NatsBrokerOptions = {}): Broker {
  const settings = settingsOf(options);
  const sessions = makeSessions(new NatsLink(options, 'micro broker'), settings.timeoutMs);
  const jetstream = makeJetStream(sessions, settings.domain);
  const streams = settings.jetstream ? makeStreams(jetstream, settings) : undefined;
  const publish = makePublish(sessions, settings, streams);
  const subscriptions = new Set<Subscription>();
  const features = new Set(settings.jetstream ? streamFeatures : plainFeatures);
  let closing: Promise<void> | undefined;

  function lacking(feature: BrokerFeature, topic: string): MicroError {
    const why = `"${topic}" asks for "${feature}", which nats has with JetStream only`;
    return new MicroError('unimplemented', `broker nats: ${why} (option jetstream)`);
  }

  function checkAsked(
    topic: string,
    { queue, durable, start, ordered, maxInFlight }: SubscribeOptions,
  ): void {
    checkTopic(topic);
    const asked = { durable, replay: start !== 'new', order: ordered };
    for (const [feature, wanted] of Object.entries(asked) as [keyof typeof asked, boolean][])
      if (wanted && !features.has(feature)) throw lacking(feature, topic);
    if (!Number.isSafeInteger(maxInFlight) || maxInFlight < 1)
      throw new MicroError('bad_request', `maxInFlight must be an integer from 1, not ${maxInFlight}`);
    if (durable && queue === undefined)
      throw new MicroError('bad_request', `the durable subscription of "${topic}" needs a queue`);
    if (queue === '') throw new MicroError('bad_request', 'a queue needs a name');
  }

  async function shut(): Promise<void> {
    const signal = AbortSignal.abort();
    const stopping = Promise.all([...subscriptions].map((subscription) => subscription.stop({ signal })));
    await atMost(stopping, settings.timeoutMs);
    await sessions.close();
  }

  return {
    name: 'nats',
    features,
    async publish(topic, messages, { keep, signal } = {}) {
      checkTopic(topic);
      if (keep === true && !features.has('keep')) throw lacking('keep', topic);
      if (keep === true && streams !== undefined) {
        const subject = subjectOf(topic);
        await abortable(keepFrom(jetstream, await streams.of(subject), subject), signal);
      }
      await publish(topic, messages, signal);
    },
    async subscribe(topic, deliver, subscribing) {
      checkAsked(topic, subscribing);
      const subscription =
        streams === undefined
          ? await plainSubscription(topic, deliver, subscribing, { sessions, settings })
          : await streamSubscription(topic, deliver, subscribing, { sessions, settings, jetstream, streams });
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
