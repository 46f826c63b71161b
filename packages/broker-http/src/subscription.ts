import { randomUUID } from 'node:crypto';
import {
  type Announcement,
  type Deliver,
  type Host,
  report,
  type SubscribeOptions,
  type Subscription,
} from '@micro/core';
import { announcedAddress, orAborted } from '@micro/core/plugin';
import { makeConsumer } from './consumer.ts';
import { recordOf } from './membership.ts';
import type { Settings } from './options.ts';
import type { Receiver } from './receiver.ts';
import { pause } from './waits.ts';

export interface HttpSubscription extends Subscription {
  /** Resolves when it is registered and every publisher has learnt of it; sooner when a signal aborts. */
  readonly joined: Promise<void>;
  /** Takes it out of the registry and the receiver. Never rejects; twice is once. */
  leave(): Promise<void>;
}

/** What subscriptions of one broker share. */
export interface Surroundings {
  readonly host: Host;
  readonly settings: Settings;
  readonly receiver: Receiver;
  /** Aborts when the broker closes. */
  readonly closed: AbortSignal;
}

/** Begins to join: the consumer first, for messages may come before the registry has answered. */
export function makeSubscription(
  topic: string,
  deliver: Deliver,
  { queue, maxInFlight, onError, signal }: SubscribeOptions,
  { host, settings, receiver, closed }: Surroundings,
): HttpSubscription {
  const id = `${topic}-${randomUUID()}`;
  const consumer = makeConsumer(topic, deliver, { maxInFlight, onError });
  const announced = announce();
  let left: Promise<void> | undefined;

  async function announce(): Promise<Announcement> {
    const address = settings.advertise ?? announcedAddress(await receiver.listen());
    receiver.consumers.set(id, consumer);
    return host.announce(recordOf({ id, topic, queue, address, secure: settings.tls !== undefined }));
  }

  async function join(): Promise<void> {
    await announced;
    await pause(host.plugin('registry').propagationMs, signal, closed);
  }

  async function withdraw(): Promise<void> {
    try {
      const announcement = await announced.catch(() => undefined); // what never joined need not leave
      await announcement?.withdraw();
    } catch (error) {
      report('plugin.warning', `broker http: ${id}`, error); // its ttl takes it out
    }
    receiver.consumers.delete(id);
  }

  function leave(): Promise<void> {
    left ??= withdraw();
    return left;
  }

  return {
    topic,
    joined: join(),
    get active() {
      return consumer.active && receiver.listening;
    },
    leave,
    async stop({ signal: hurry } = {}) {
      const stopped = consumer.stop(hurry);
      const gone = leave();
      await stopped;
      await orAborted(gone, hurry);
    },
  };
}
