import { type Broker, type BrokerFeature, MicroError } from '@micro/core';
import {
  abortable,
  atMost,
  checkAsked,
  checkSignal,
  checkTopic,
  heldSubscriptions,
  inTime,
} from '@micro/core/plugin';
import type { Admin } from 'kafkajs';
import { makeClient } from './client.ts';
import { kafkaError } from './errors.ts';
import { type KafkaBrokerOptions, leavingMs, settingsOf } from './options.ts';
import { makePublisher } from './publisher.ts';
import { makeSubscription } from './subscription.ts';
import { makeEnsureTopic } from './topics.ts';

const features: ReadonlySet<BrokerFeature> = new Set<BrokerFeature>([
  ...(['ack', 'redelivery', 'queue', 'order', 'durable', 'replay', 'keep'] as const),
]);
const idleMs = 60_000;
const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 4 };

const own = { name: 'kafka', features };

/**
 * Events over Kafka, in go-micro's encoding, at least once: `publish` resolves when all in-sync replicas have the
 * messages (acks -1).
 */
export function kafkaBroker(options: KafkaBrokerOptions = {}): Broker {
  const settings = settingsOf(options);
  const client = makeClient(settings, retry, idleMs);
  const ensureTopic = makeEnsureTopic(connectedAdmin, settings);
  const publisher = makePublisher(settings, ensureTopic);
  const subscriptions = heldSubscriptions();
  const joining = new Set<Promise<unknown>>();
  const closer = new AbortController();
  let admin: Promise<Admin> | undefined;
  let closing: Promise<void> | undefined;

  function connectedAdmin(): Promise<Admin> {
    if (admin === undefined) {
      const made = client.kafka.admin();
      const connected = made.connect().then(
        () => made,
        (error: unknown) => {
          admin = undefined;
          throw kafkaError(error, `connecting to ${settings.brokers.join(', ')}`);
        },
      );
      admin = connected;
    }
    return admin;
  }

  function check(topic: string, signal: AbortSignal | undefined): void {
    checkSignal(closer.signal);
    checkSignal(signal);
    checkTopic(topic);
  }

  async function shut(): Promise<void> {
    closer.abort(new MicroError('unavailable', 'the kafka broker is closed'));
    await atMost(leaveAll(), leavingMs);
    client.destroy();
  }

  /** Never rejects: what the servers do not hear they notice. */
  async function leaveAll(): Promise<void> {
    await Promise.allSettled([...joining, subscriptions.stopAll(), publisher.close()]);
    await Promise.allSettled([admin?.then((connected) => connected.disconnect())]);
  }

  return {
    ...own,
    async publish(topic, messages, { keep = false, signal } = {}) {
      check(topic, signal);
      if (messages.length === 0) return;
      const publishing = publisher.publish(topic, messages, keep, signal);
      await answered(abortable(publishing, closer.signal), 2 * settings.timeoutMs, `publishing to ${topic}`);
    },
    async subscribe(topic, deliver, subscribing) {
      check(topic, subscribing.signal);
      checkAsked(own, topic, subscribing);
      const making = makeSubscription(topic, deliver, subscribing, {
        settings,
        ensureTopic,
        admin: connectedAdmin,
        closed: closer.signal,
      });
      joining.add(making);
      const owned = making.then((made) => subscriptions.hold(made));
      owned.catch(() => undefined).finally(() => joining.delete(making));
      try {
        const wanted = abortable(abortable(owned, subscribing.signal), closer.signal);
        // A group waits for the old sessions of its members
        const limitMs = 2 * (settings.sessionMs + settings.timeoutMs);
        return await answered(wanted, limitMs, `subscribing to ${topic}`);
      } catch (error) {
        // Who has given up does not want it any more, when it comes
        owned.then((late) => late.stop({ signal: AbortSignal.abort() })).catch(() => undefined);
        throw kafkaError(error, `subscribing to ${topic}`);
      }
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };
}

/** The promise's result; rejects with `unavailable` when there is none in time. */
function answered<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
  const silent = `kafka: ${what}: no answer within ${limitMs} ms`;
  return inTime(promise, limitMs, () => new MicroError('unavailable', silent));
}
