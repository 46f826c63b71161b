import { abortError } from './aborted.ts';
import { checkAsked, checkTopic } from './asked.ts';
import type { Broker, BrokerFeature } from './broker.ts';
import { MicroError } from './errors.ts';
import type { Member } from './memory-consumer.ts';
import { type MemoryTopics, topicsOf } from './memory-topics.ts';
import { definePlugin } from './plugins.ts';

export interface MemoryBrokerOptions {
  /** Brokers of one process with the same network share their topics. @default 'default' */
  readonly network?: string | undefined;
  /** Messages kept for subscriptions that `start` in the past, all topics together, up to 16 MiB of bodies; the oldest goes first. @default 1024 */
  readonly retain?: number | undefined;
  /** Messages that wait in one queue; when it is full, `publish` rejects with `overloaded`. @default 16384 */
  readonly maxBacklog?: number | undefined;
}

const features = ['ack', 'redelivery', 'queue', 'order', 'durable', 'replay', 'keep'] as const;
const own = { name: 'memory', features: new Set<BrokerFeature>(features) };

/**
 * Topics inside this process, at least once. `publish` resolves when every queue has taken the messages. What
 * waits is lost with the process, also in a durable queue; a queue is durable only when asked.
 */
export function memoryBroker(options: MemoryBrokerOptions = {}): Broker {
  const { network = 'default', retain = 1024, maxBacklog = 16384 } = options;
  checkCount('retain', retain, 0);
  checkCount('maxBacklog', maxBacklog, 1);
  const topics: MemoryTopics = topicsOf(network);
  const members = new Set<Member>();
  let closed = false;

  function check(topic: string, signal: AbortSignal | undefined): void {
    if (closed) throw new MicroError('unavailable', 'the memory broker is closed');
    if (signal?.aborted) throw abortError(signal);
    checkTopic(topic);
  }

  return {
    ...own,
    async publish(topic, messages, publishing) {
      check(topic, publishing?.signal);
      topics.publish(topic, messages, { retain, maxBacklog, keep: publishing?.keep === true });
    },
    async subscribe(topic, deliver, subscribing) {
      check(topic, subscribing.signal);
      checkAsked(own, topic, subscribing);
      const member = topics.join(topic, deliver, subscribing);
      members.add(member);
      return {
        topic,
        get active() {
          return !member.leaving;
        },
        async stop(stopping) {
          await member.leave(stopping?.signal);
          members.delete(member);
        },
      };
    },
    async close() {
      closed = true;
      await Promise.all([...members].map((member) => member.leave(AbortSignal.abort())));
      members.clear();
    },
  };
}

function checkCount(option: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new MicroError('bad_request', `${option} must be an integer from ${least}, not ${value}`);
}

definePlugin('broker', 'memory', { package: '@micro/core', create: memoryBroker });
