import type { Broker, BrokerFeature } from '@micro/core';
import {
  abortable,
  atMost,
  checkAsked,
  checkFeatures,
  checkTopic,
  heldSubscriptions,
} from '@micro/core/plugin';
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

const jetstreamHint = 'nats has it with JetStream: option jetstream';

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
  const subscriptions = heldSubscriptions();
  const features = new Set(settings.jetstream ? streamFeatures : plainFeatures);
  const own = { name: 'nats', features };
  let closing: Promise<void> | undefined;

  async function shut(): Promise<void> {
    await atMost(subscriptions.stopAll(), settings.timeoutMs);
    await sessions.close();
  }

  return {
    ...own,
    async publish(topic, messages, { keep, signal } = {}) {
      checkTopic(topic);
      checkFeatures(own, topic, { keep }, jetstreamHint);
      if (keep === true && streams !== undefined) {
        const subject = subjectOf(topic);
        await abortable(keepFrom(jetstream, await streams.of(subject), subject), signal);
      }
      await publish(topic, messages, signal);
    },
    async subscribe(topic, deliver, subscribing) {
      checkAsked(own, topic, subscribing, jetstreamHint);
      const subscription =
        streams === undefined
          ? await plainSubscription(topic, deliver, subscribing, { sessions, settings })
          : await streamSubscription(topic, deliver, subscribing, { sessions, settings, jetstream, streams });
      return subscriptions.hold(subscription);
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };
}
