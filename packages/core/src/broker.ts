import type { MicroError } from './errors.ts';
import type { MemoryBrokerOptions } from './memory-broker.ts';
import type { Metadata } from './metadata.ts';

/** Carries events from publishers to subscribers. What a backend cannot do is refused by name, with `unimplemented`. */
export interface Broker {
  /** What node metadata calls it, as in go-micro: `http`, `nats`. */
  readonly name: string;
  readonly features: ReadonlySet<BrokerFeature>;
  /**
   * Resolves when the backend has confirmed all messages, in their order. What that confirms is the first line
   * of the plugin's README. After a rejection any part of the batch may have been published. While the backend is
   * lost it rejects with `unavailable`, soon; nothing is queued for later. A topic is a plain name: the plugin
   * encodes it, and there are no wildcards.
   */
  publish(topic: string, messages: readonly Message[], options?: PublishOptions): Promise<void>;
  /**
   * Resolves when messages published from now on arrive; rejects with `unavailable` when the backend cannot be
   * reached. Later losses are bridged by the plugin.
   */
  subscribe(topic: string, deliver: Deliver, options: SubscribeOptions): Promise<Subscription>;
  /** Stops every subscription without waiting for handlers, flushes, and frees every handle. */
  close(): Promise<void>;
}

export interface Message {
  /** `content-type`, `micro-id` (unique, for deduplication), `micro-topic`, and the publisher's metadata. */
  readonly header: Metadata;
  readonly body: Uint8Array;
  /** Messages of one key keep their order, where the broker has `order`. */
  readonly key?: string | undefined;
}

/** A message on its way to a handler. */
export interface Delivery {
  readonly message: Message;
  /** 1 the first time. With `redelivery` it survives a crash: counted by the backend, or kept by the plugin. */
  readonly attempt: number;
  /** When it was published, in ms since the epoch, as far as the backend knows; else now. */
  readonly publishedAt: number;
  /** Aborts when the backend takes the message away (a rebalance, a lost connection): the verdict counts for nothing. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Handles a delivery; never rejects. `ack`: done with. `retry`: deliver again after the delay (brokers with
 * `redelivery`; the others count it as lost); while it waits here it counts in `maxInFlight`, and with `ordered`
 * it holds up its key. A message whose verdict has not come is not done with. One that cannot be read is reported
 * by `onError` and done with.
 */
export type Deliver = (delivery: Delivery) => Promise<Verdict>;
export type Verdict = { readonly outcome: 'ack' } | { readonly outcome: 'retry'; readonly delayMs: number };

export interface Subscription {
  readonly topic: string;
  /** False while the backend is lost: the service is not ready. */
  readonly active: boolean;
  /**
   * Takes no new message, waits for running deliveries and acknowledges them, gives the rest back. When the
   * signal aborts it stops waiting: what still runs is given back too. Calling it twice is one stop.
   */
  stop(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

export interface SubscribeOptions {
  /** Members of a queue share its messages; without one every subscriber sees all. */
  readonly queue: string | undefined;
  /** The queue's position outlives its members (feature `durable`; needs `queue`). */
  readonly durable: boolean;
  /** Where a new queue begins (feature `replay` for all but `new`). `sinceMs` is a time since the epoch. */
  readonly start: 'new' | 'all' | { readonly sinceMs: number };
  /** Messages handed over and not yet decided; the bound on memory. */
  readonly maxInFlight: number;
  /** One at a time per key (feature `order`). A message without a key is not ordered. */
  readonly ordered: boolean;
  /** Core decides within this time, in ms. So long the plugin keeps the message ours, by heartbeats if need be. */
  readonly ackWaitMs: number;
  /** Told what goes wrong while nobody waits: a lost connection, a message that cannot be read. Never throws. */
  readonly onError: (error: MicroError) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface PublishOptions {
  /** Kept even when nobody has subscribed yet (feature `keep`): a dead letter must not be lost. @default false */
  readonly keep?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * `ack`: a message is done with only after its verdict. `redelivery`: `retry` delivers it again, after the
 * delay, with `attempt` counted. `queue`: queues share. `order`: per publisher and key. `durable`: messages
 * wait for a queue whose members are away. `replay`: `start` in the past. `keep`: publishing with `keep`.
 */
export type BrokerFeature = 'ack' | 'redelivery' | 'queue' | 'order' | 'durable' | 'replay' | 'keep';

/** Names and options of broker plugins; each package adds its own by declaration merging. */
export interface BrokerPlugins {
  memory: MemoryBrokerOptions;
}
