import { type Broker, type BrokerFeature, type Message, memoryBroker, type Subscription } from '@micro/core';
import type { BrokerHarness } from '../../src/index.ts';
import { type Double, leak } from './double.ts';

type Break = (inner: Broker) => Partial<Broker>;

let networks = 0;
let members = 0;

function double(name: string, caughtBy: string, broken: Break, lacks?: BrokerFeature): Double<BrokerHarness> {
  const network = `broker-double-${++networks}`;
  const features = new Set([...memoryBroker().features].filter((feature) => feature !== lacks));
  const create = (): Broker => {
    const inner = memoryBroker({ network });
    return { ...inner, features, ...broken(inner) };
  };
  return { name, caughtBy, harness: { ...honestBroker, name, create, features } };
}

export const honestBroker: BrokerHarness = {
  name: 'memory',
  features: memoryBroker().features,
  create: () => memoryBroker({ network: 'honest' }),
  patienceMs: 500,
  quietMs: 50,
};

const redelivery = 'what is to be retried comes again, not before its delay, with the attempt counted';

export const brokerDoubles: readonly Double<BrokerHarness>[] = [
  // first: what a stuck double leaves running for a while would hide a leak
  double('leaves a timer', 'leaves no socket, timer or listener after close', (inner) => ({
    publish: (topic, messages, options) => {
      leak();
      return inner.publish(topic, messages, options);
    },
  })),
  double(
    'acknowledges before the handler',
    'a message without a verdict is not done with: another member gets it',
    (inner) => ({
      subscribe: (topic, deliver, options) =>
        inner.subscribe(
          topic,
          async (delivery) => {
            deliver(delivery).catch(leak);
            return { outcome: 'ack' };
          },
          options,
        ),
    }),
  ),
  double('loses the order', 'what one publisher sends arrives in its order', (inner) => {
    let count = 0;
    return {
      async publish(topic, messages, options) {
        if (++count % 5 === 0) setTimeout(() => void inner.publish(topic, messages, options), 5);
        else await inner.publish(topic, messages, options);
      },
    };
  }),
  double('never redelivers', redelivery, (inner) => ({
    subscribe: (topic, deliver, options) =>
      inner.subscribe(topic, async (delivery) => (await deliver(delivery)) && { outcome: 'ack' }, options),
  })),
  double('redelivers without the delay', redelivery, (inner) => ({
    subscribe: (topic, deliver, options) =>
      inner.subscribe(topic, async (delivery) => ({ ...(await deliver(delivery)), delayMs: 0 }), options),
  })),
  double('does not count attempts', redelivery, (inner) => ({
    subscribe: (topic, deliver, options) =>
      inner.subscribe(topic, (delivery) => deliver({ ...delivery, attempt: 1 }), options),
  })),
  double('redelivers what was acknowledged', 'an acknowledged message does not come again', (inner) => ({
    subscribe: (topic, deliver, options) =>
      inner.subscribe(
        topic,
        async (delivery) => {
          const verdict = await deliver(delivery);
          return delivery.attempt === 1 ? { outcome: 'retry', delayMs: 1 } : verdict;
        },
        options,
      ),
  })),
  double(
    'goes on after stop',
    'stop waits for running handlers, whose verdicts count, and takes no new message',
    (inner) => ({
      subscribe: async (topic, deliver, options) => ({
        ...(await inner.subscribe(topic, deliver, options)),
        stop: async () => {},
      }),
    }),
  ),
  double(
    'does not wait in stop',
    'stop waits for running handlers, whose verdicts count, and takes no new message',
    (inner) => ({
      subscribe: async (topic, deliver, options) => {
        const subscription = await inner.subscribe(topic, deliver, options);
        return { ...subscription, stop: () => subscription.stop({ signal: AbortSignal.abort() }) };
      },
    }),
  ),
  double('waits in stop whatever the signal says', 'stop does not wait longer than its signal', (inner) => ({
    subscribe: async (topic, deliver, options) => {
      const subscription = await inner.subscribe(topic, deliver, options);
      return { ...subscription, stop: () => subscription.stop() };
    },
  })),
  double(
    'keeps what it had not finished',
    'stop gives the rest back to the queue, and what it has finished does not come again',
    (inner) => ({
      subscribe: (topic, deliver, options) =>
        inner.subscribe(topic, deliver, { ...options, queue: `${options.queue}-${++members}` }),
    }),
  ),
  double(
    'waits for handlers in close',
    'close stops every subscription without waiting for handlers, and disturbs no other instance',
    (inner) => {
      const open: Subscription[] = [];
      return {
        subscribe: async (topic, deliver, options) => {
          const subscription = await inner.subscribe(topic, deliver, options);
          open.push(subscription);
          return subscription;
        },
        async close() {
          await Promise.all(open.map((subscription) => subscription.stop()));
          await inner.close();
        },
      };
    },
  ),
  double(
    'gives everybody all of a queue',
    'the members of a queue share its messages, each goes to one of them',
    (inner) => ({
      subscribe: (topic, deliver, options) =>
        inner.subscribe(topic, deliver, { ...options, queue: undefined }),
    }),
  ),
  double('shares where nobody asked', 'every subscriber without a queue gets every message', (inner) => ({
    subscribe: (topic, deliver, options) => inner.subscribe(topic, deliver, { ...options, queue: 'one' }),
  })),
  double(
    'has one queue for all',
    'each queue, and each subscriber without one, gets every message',
    (inner) => ({
      subscribe: (topic, deliver, options) =>
        inner.subscribe(topic, deliver, { ...options, queue: options.queue && 'one' }),
    }),
  ),
  double('hands over without bound', 'no more is handed over undecided than maxInFlight', (inner) => ({
    subscribe: (topic, deliver, options) =>
      inner.subscribe(topic, deliver, { ...options, maxInFlight: 1000 }),
  })),
  double(
    'ignores ordered',
    'ordered: one at a time for each key, a retry included, while other keys go on',
    (inner) => ({
      subscribe: (topic, deliver, options) => inner.subscribe(topic, deliver, { ...options, ordered: false }),
    }),
  ),
  double(
    'forgets its durable queue',
    'durable: a queue gets what was published while its members were away',
    (inner) => ({
      subscribe: (topic, deliver, options) => inner.subscribe(topic, deliver, { ...options, durable: false }),
    }),
  ),
  double(
    'says nothing about durability',
    'refuses durability by name when it has none',
    (inner) => ({
      subscribe: (topic, deliver, options) => inner.subscribe(topic, deliver, { ...options, durable: false }),
    }),
    'durable',
  ),
  double(
    'says nothing about replay',
    'refuses a start in the past by name when it cannot replay',
    (inner) => ({
      subscribe: (topic, deliver, options) => inner.subscribe(topic, deliver, { ...options, start: 'new' }),
    }),
    'replay',
  ),
  double('says nothing about order', 'refuses order by name when it has none', () => ({}), 'order'),
  double('says nothing about queues', 'refuses a queue by name when it has none', () => ({}), 'queue'),
  double(
    'says nothing about keeping',
    'refuses to keep a message by name when it cannot',
    () => ({}),
    'keep',
  ),
  double('begins always now', 'replay: a new queue may begin in the past', (inner) => ({
    subscribe: (topic, deliver, options) => inner.subscribe(topic, deliver, { ...options, start: 'new' }),
  })),
  double(
    'begins always at the beginning',
    'a new subscriber does not get what was published before',
    (inner) => ({
      subscribe: (topic, deliver, options) => inner.subscribe(topic, deliver, { ...options, start: 'all' }),
    }),
  ),
  double(
    'drops what should be kept',
    'keep: what nobody has subscribed to yet waits for the first queue',
    (inner) => ({
      publish: (topic, messages) => inner.publish(topic, messages),
    }),
  ),
  double(
    'shares the header',
    'a subscriber cannot change what others get, nor can a publisher afterwards',
    (inner) => {
      const headers = new Map<Message, Record<string, string>>();
      return {
        subscribe: (topic, deliver, options) =>
          inner.subscribe(
            topic,
            (delivery) => {
              const header = headers.get(delivery.message) ?? { ...delivery.message.header };
              headers.set(delivery.message, header);
              return deliver({ ...delivery, message: { ...delivery.message, header } });
            },
            options,
          ),
      };
    },
  ),
  double(
    'takes bytes for text',
    'a message arrives as it was published: header, key and every byte',
    (inner) => ({
      publish: (topic, messages, options) =>
        inner.publish(
          topic,
          messages.map((message) => ({
            ...message,
            body: Buffer.from(Buffer.from(message.body).toString()),
          })),
          options,
        ),
    }),
  ),
  double('folds case', 'no topic is a pattern for others', (inner) => ({
    publish: (topic, messages, options) => inner.publish(topic.toLowerCase(), messages, options),
    subscribe: (topic, deliver, options) => inner.subscribe(topic.toLowerCase(), deliver, options),
  })),
  double(
    'publishes only the first of a batch',
    'a batch arrives whole, and an empty one is no error',
    (inner) => ({
      publish: (topic, messages, options) => inner.publish(topic, messages.slice(0, 1), options),
    }),
  ),
  double(
    'ends a subscription with the signal of subscribe',
    'rejects with canceled when the signal has aborted, and a later abort ends no subscription',
    (inner) => ({
      subscribe: async (topic, deliver, options) => {
        const subscription = await inner.subscribe(topic, deliver, options);
        options.signal?.addEventListener('abort', () => void subscription.stop(), { once: true });
        return subscription;
      },
    }),
  ),
  double('goes on after close', 'rejects with unavailable after close', () => ({ close: async () => {} })),
];
