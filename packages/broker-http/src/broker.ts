import { setMaxListeners } from 'node:events';
import { type Broker, type BrokerFeature, type Host, MicroError } from '@micro/core';
import { abortable, checkAsked, checkFeatures, checkSignal, checkTopic } from '@micro/core/plugin';
import { broadcastVersion, brokerService } from './membership.ts';
import { type HttpBrokerOptions, settingsOf } from './options.ts';
import { makePublisher } from './publisher.ts';
import { makeReceiver } from './receiver.ts';
import { type HttpSubscription, makeSubscription } from './subscription.ts';
import { closedError } from './waits.ts';

const features: ReadonlySet<BrokerFeature> = new Set<BrokerFeature>(['queue']);

const own = { name: 'http', features };

/**
 * go-micro's default broker: publishers find the subscribers in the registry and post to them. At most once.
 * It needs its host's registry, so it is made by `createService` or `createClient`: alone it throws `bad_request`.
 */
export function httpBroker(options: HttpBrokerOptions = {}, host?: Host): Broker {
  const settings = settingsOf(options);
  if (host === undefined) {
    throw new MicroError(
      'bad_request',
      'the http broker finds its subscribers in the registry of a service or client: ' +
        'choose it there, as in createService({ broker: { http: options } })',
    );
  }
  const receiver = makeReceiver(settings);
  const publisher = makePublisher(settings, (lookup) => host.discover(brokerService, lookup));
  const subscriptions = new Set<HttpSubscription>();
  const closer = new AbortController();
  const { signal: closed } = closer;
  setMaxListeners(0, closed); // every subscription that is joining is one
  const around = { host, settings, receiver, closed };
  let closing: Promise<void> | undefined;

  function check(topic: string, signal: AbortSignal | undefined): void {
    checkSignal(closed);
    checkSignal(signal);
    checkTopic(topic);
  }

  async function leave(subscription: HttpSubscription): Promise<void> {
    await subscription.leave();
    subscriptions.delete(subscription);
  }

  async function shut(): Promise<void> {
    closer.abort(closedError());
    publisher.close();
    await Promise.all(
      [...subscriptions].map(async (subscription) => {
        await subscription.stop({ signal: closed });
        await leave(subscription);
      }),
    );
    await receiver.close();
  }

  return {
    ...own,
    async publish(topic, messages, { keep, signal } = {}) {
      check(topic, signal);
      checkFeatures(own, topic, { keep });
      await publisher.publish(topic, messages, signal);
    },
    async subscribe(topic, deliver, subscribing) {
      check(topic, subscribing.signal);
      checkAsked(own, topic, subscribing);
      if (subscribing.queue === broadcastVersion)
        throw new MicroError(
          'bad_request',
          `the http broker cannot have a queue named "${broadcastVersion}"`,
        );
      const subscription = makeSubscription(topic, deliver, subscribing, around);
      subscriptions.add(subscription);
      try {
        await abortable(abortable(subscription.joined, subscribing.signal), closed);
        check(topic, subscribing.signal);
      } catch (error) {
        // Owned by close(), which waits for what has not left yet
        void subscription.stop({ signal: AbortSignal.abort() });
        void leave(subscription);
        throw error;
      }
      return {
        topic,
        get active() {
          return subscription.active;
        },
        async stop(stopping) {
          await subscription.stop(stopping);
          void leave(subscription); // has ended, or was not waited for; close() does
        },
      };
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };
}
