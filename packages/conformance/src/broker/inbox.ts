import assert from 'node:assert/strict';
import type {
  Broker,
  Delivery,
  Message,
  MicroError,
  SubscribeOptions,
  Subscription,
  Verdict,
} from '@micro/core';
import { eventually } from '../eventually.ts';
import type { BrokerScope } from './harness.ts';

export const ack: Verdict = { outcome: 'ack' };

/** A subscription and what it was given. */
export interface Inbox {
  readonly deliveries: readonly Delivery[];
  readonly texts: readonly string[];
  readonly errors: readonly MicroError[];
  /** Deliveries without a verdict, now and at most. */
  readonly running: number;
  readonly mostRunning: number;
  readonly subscription: Subscription;
  /** Waits until it has been given exactly these, in this order. */
  gets(texts: readonly string[]): Promise<void>;
  /** The same in any order. */
  getsAll(texts: readonly string[]): Promise<void>;
}

export type Handler = (delivery: Delivery) => Verdict | Promise<Verdict>;

/** Subscribes until the case ends. The default handler acknowledges. */
export async function subscribe(
  scope: BrokerScope,
  broker: Broker,
  topic: string,
  options: Partial<SubscribeOptions> = {},
  handler: Handler = () => ack,
): Promise<Inbox> {
  const deliveries: Delivery[] = [];
  const texts: string[] = [];
  const errors: MicroError[] = [];
  let running = 0;
  let mostRunning = 0;
  const deliver = async (delivery: Delivery): Promise<Verdict> => {
    deliveries.push(delivery);
    texts.push(textOf(delivery.message));
    running++;
    mostRunning = Math.max(mostRunning, running);
    try {
      return await handler(delivery);
    } finally {
      running--;
    }
  };
  const subscription = await broker.subscribe(topic, deliver, {
    queue: undefined,
    durable: false,
    start: 'new',
    maxInFlight: 64,
    ordered: false,
    ackWaitMs: 30_000,
    onError: (error) => errors.push(error),
    ...options,
  });
  scope.defer(() => subscription.stop({ signal: AbortSignal.timeout(5_000) }));
  const timeoutMs = scope.harness.patienceMs ?? 10_000;
  return {
    deliveries,
    texts,
    errors,
    get running() {
      return running;
    },
    get mostRunning() {
      return mostRunning;
    },
    subscription,
    async gets(wanted) {
      await eventually(() => assert.deepEqual(texts, wanted), { timeoutMs });
    },
    async getsAll(wanted) {
      await eventually(() => assert.deepEqual([...texts].sort(), [...wanted].sort()), { timeoutMs });
    },
  };
}

/** A message with a text. */
export function message(text: string, more: Partial<Message> = {}): Message {
  return {
    header: { 'content-type': 'text/plain', 'micro-id': text },
    body: new TextEncoder().encode(text),
    ...more,
  };
}

export function textOf({ body }: Message): string {
  return new TextDecoder().decode(body);
}

/** `prefix-0`, `prefix-1`, … */
export function numbered(count: number, prefix = 'message'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

/** Publishes texts one after another, each confirmed before the next. */
export async function publish(broker: Broker, topic: string, texts: readonly string[]): Promise<void> {
  for (const text of texts) await broker.publish(topic, [message(text)]);
}

/** A promise and how to resolve it. */
export function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Looks for a while that something stays so: for messages that must not come, which no event announces. */
export async function stays(scope: BrokerScope, check: () => void): Promise<void> {
  const until = performance.now() + (scope.harness.quietMs ?? 200);
  while (performance.now() < until) {
    check();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  check();
}
