import { checkFeatures } from './asked.ts';
import { report } from './background.ts';
import type { Broker, SubscribeOptions, Subscription } from './broker.ts';
import type { Codec } from './codec.ts';
import type { Context } from './context.ts';
import type { Topic } from './contract.ts';
import { Deliveries, type Policy } from './deliveries.ts';
import { MicroError } from './errors.ts';
import type { Middleware } from './middleware.ts';
import { persist } from './retry.ts';

export interface SubscriberOptions {
  /** Members of a queue share the events; without one every subscriber sees all. */
  readonly queue?: string | undefined;
  /** Events wait for the queue while its members are away. @default true with a queue, where the broker has `durable` */
  readonly durable?: boolean | undefined;
  /** Where a new queue begins. @default 'new' */
  readonly start?: SubscribeOptions['start'] | undefined;
  /** Handlers running at once. @default 64 */
  readonly maxInFlight?: number | undefined;
  /** One at a time per key. @default false */
  readonly ordered?: boolean | undefined;
  /** How long a handler may take, in ms; then its signal aborts and the event is tried again. @default 30000 */
  readonly ackWaitMs?: number | undefined;
  /** How often a handler is tried, the first time included. @default 5 where the broker has `redelivery`, else 1 */
  readonly attempts?: number | undefined;
  /** Where events go that no attempt could handle; false: nowhere. @default `<topic>.dead` where the broker has `keep` */
  readonly deadLetter?: string | false | undefined;
}

/** A subscriber, as it was added. */
export interface Subscribed {
  readonly topic: Topic<unknown, unknown>;
  readonly handler: (event: unknown, ctx: Context) => unknown;
  readonly options: SubscriberOptions;
}

/** What a subscription needs to run handlers. */
export interface Surroundings {
  readonly service: string;
  readonly broker: Broker;
  readonly codecs: ReadonlyMap<string, Codec>;
  readonly middleware: readonly Middleware[];
  /** Whether handlers may run in their ambient context. */
  readonly ambient: boolean;
}

/** Throws `bad_request` for options that make no sense, whatever the broker. */
export function checkSubscriber(topic: string, options: SubscriberOptions): void {
  const { attempts = 1, maxInFlight = 1, ackWaitMs = 1 } = options;
  for (const [name, count] of Object.entries({ attempts, maxInFlight })) {
    if (Number.isSafeInteger(count) && count >= 1) continue;
    throw new MicroError(
      'bad_request',
      `${name} of the subscription of "${topic}" must be an integer from 1, not ${count}`,
    );
  }
  if (Number.isFinite(ackWaitMs) && ackWaitMs > 0) return;
  throw new MicroError(
    'bad_request',
    `ackWaitMs of the subscription of "${topic}" must be above 0 and finite, not ${ackWaitMs}`,
  );
}

const longestWaitMs = 10_000;

/** Subscribes. Rejects with `unimplemented` for what the broker cannot do, and when it cannot be reached for 10 s. */
export async function subscribe(
  subscribed: Subscribed,
  around: Surroundings,
  signal: AbortSignal,
): Promise<Subscription> {
  const { topic, options } = subscribed;
  const { broker, service } = around;
  const { features } = broker;
  const { queue, start = 'new', ordered = false, maxInFlight = 64, ackWaitMs = 30_000 } = options;
  const {
    attempts = features.has('redelivery') ? 5 : 1,
    deadLetter = features.has('keep') && `${topic.topic}.dead`,
  } = options;
  const durable = options.durable ?? (queue !== undefined && features.has('durable'));
  const asked = {
    queue: queue !== undefined,
    durable,
    replay: start !== 'new',
    order: ordered,
    redelivery: attempts > 1,
    keep: deadLetter !== false,
  };
  checkFeatures(broker, topic.topic, asked);
  if (durable && queue === undefined)
    throw new MicroError('bad_request', `the durable subscription of "${topic.topic}" needs a queue`);
  const policy: Policy = { attempts, deadLetter, ackWaitMs };
  const deliveries = new Deliveries(subscribed, around, policy);
  const onError = (error: MicroError): void =>
    report('subscription.error', `${service} ${topic.topic}`, error);
  return persist(
    () =>
      broker.subscribe(topic.topic, deliveries.deliver, {
        queue,
        durable,
        start,
        maxInFlight,
        ordered,
        ackWaitMs,
        onError,
        signal,
      }),
    longestWaitMs,
    signal,
  );
}
