import type {
  Broker,
  BrokerFeature,
  Context,
  Deliver,
  Message,
  Schema,
  Topic,
  Verdict,
} from '../src/index.ts';
import { topic, type } from '../src/index.ts';
import type { SubscriberOptions } from '../src/subscriptions.ts';
import { network, service } from './fleet.ts';

export interface Item {
  readonly id: number;
}
export const News: Topic<Item> = topic('news', type<Item>());

/** The text as an event's body. */
export function bodyOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

interface ScriptedBroker {
  readonly broker: Broker;
  readonly published: readonly { readonly topic: string; readonly message: Message }[];
  /** Whether publishing fails from now on. */
  fail(now: boolean): void;
  /** Delivers a message, which is event 1 as JSON where nothing else is said. */
  give(message: Partial<Message>, attempt?: number, signal?: AbortSignal): Promise<Verdict>;
}

/** A broker that hands over what the test gives it, and keeps what is published. */
export function scriptedBroker(
  features: readonly BrokerFeature[] = ['ack', 'redelivery', 'keep', 'queue'],
): ScriptedBroker {
  const published: { readonly topic: string; readonly message: Message }[] = [];
  let deliver: Deliver | undefined;
  let fails = false;
  const broker: Broker = {
    name: 'scripted',
    features: new Set(features),
    async publish(name, messages) {
      if (fails) throw new Error('cannot publish');
      for (const message of messages) published.push({ topic: name, message });
    },
    async subscribe(name, given) {
      deliver = given;
      return { topic: name, active: true, stop: async () => undefined };
    },
    close: async () => undefined,
  };
  return {
    broker,
    published,
    fail(now) {
      fails = now;
    },
    give(message, attempt = 1, signal = undefined) {
      if (deliver === undefined) throw new Error('nobody has subscribed');
      const header = { 'content-type': 'application/json' };
      const whole = { header, body: bodyOf('{"id":1}'), ...message };
      return deliver({ message: whole, attempt, publishedAt: Date.now(), signal });
    },
  };
}

/** Starts a service called `reader` that subscribes. */
export async function subscriber(
  broker: Broker,
  handler: (event: Item, ctx: Context) => void | Promise<void>,
  options?: SubscriberOptions,
  schema: Schema<Item> = News.schema,
): Promise<void> {
  const made = service({ ...network(), name: 'reader', broker });
  made.subscribe(topic('news', schema), handler, options);
  await made.start();
}

export const boom = (): never => {
  throw new RangeError('boom');
};
