import type { Deliver, Message, SubscribeOptions } from './broker.ts';
import { MicroError } from './errors.ts';
import type { Item, Member } from './memory-consumer.ts';
import { makeQueue, type Queue } from './memory-queue.ts';

/** What the memory brokers of one process share: queues by topic, and one log of what was published last. */
export interface MemoryTopics {
  /** All messages, or none: throws `overloaded` when a queue has no room for them. */
  publish(topic: string, messages: readonly Message[], bounds: Bounds): void;
  join(topic: string, deliver: Deliver, options: SubscribeOptions): Member;
}

interface Bounds {
  readonly retain: number;
  readonly maxBacklog: number;
  /** With nobody subscribed, the first queue of the topic gets them. */
  readonly keep: boolean;
}

interface Published {
  readonly topic: string;
  readonly message: Message;
  readonly publishedAt: number;
}

/** Bodies in the log, whatever their number. */
const maxLogBytes = 16 * 2 ** 20;

const networks = new Map<string, MemoryTopics>();

/** The topics of the network of that name; made when there is none. */
export function topicsOf(network: string): MemoryTopics {
  let topics = networks.get(network);
  if (topics === undefined) {
    topics = makeTopics();
    networks.set(network, topics);
  }
  return topics;
}

function makeTopics(): MemoryTopics {
  /** By name; a subscription without one has a queue of its own, under a symbol. */
  const topics = new Map<string, Map<string | symbol, Queue>>();
  /** What waits for the first queue of its topic. */
  const kept: Published[] = [];
  const log: Published[] = [];
  let logBytes = 0;

  function keepInLog(published: readonly Published[], retain: number): void {
    for (const entry of published) {
      log.push(entry);
      logBytes += entry.message.body.byteLength;
    }
    let surplus = 0;
    for (; log.length - surplus > retain || logBytes > maxLogBytes; surplus++) {
      logBytes -= log[surplus]?.message.body.byteLength ?? 0;
    }
    log.splice(0, surplus);
  }

  function queueOf(topic: string, { queue: name, durable, start }: SubscribeOptions): Queue {
    let queues = topics.get(topic);
    if (queues === undefined) {
      queues = new Map();
      topics.set(topic, queues);
    }
    const key = name ?? Symbol(topic);
    let queue = queues.get(key);
    if (queue === undefined) {
      const siblings = queues;
      queue = makeQueue(() => {
        siblings.delete(key);
        if (siblings.size === 0 && topics.get(topic) === siblings) topics.delete(topic);
      });
      queues.set(key, queue);
      const since = start === 'new' ? Number.POSITIVE_INFINITY : start === 'all' ? 0 : start.sinceMs;
      const mine = kept.filter((entry) => entry.topic === topic);
      const past = log.filter(
        (entry) => entry.topic === topic && entry.publishedAt >= since && !mine.includes(entry),
      );
      queue.push([...mine, ...past].map(itemOf));
      for (const entry of mine) kept.splice(kept.indexOf(entry), 1);
    }
    if (durable) queue.keep();
    return queue;
  }

  return {
    publish(topic, messages, { retain, maxBacklog, keep }) {
      const queues = topics.get(topic) ?? new Map<string | symbol, Queue>();
      for (const [key, queue] of queues) {
        if (queue.backlog + messages.length <= maxBacklog) continue;
        const name = typeof key === 'string' ? `queue "${key}"` : 'a subscription';
        throw new MicroError(
          'overloaded',
          `${name} of topic "${topic}" has ${queue.backlog} messages waiting: its bound is ${maxBacklog}`,
        );
      }
      const keeping = keep && queues.size === 0;
      if (keeping && kept.length + messages.length > maxBacklog) {
        throw new MicroError(
          'overloaded',
          `${kept.length} messages are kept for topics that nobody has subscribed to: the bound is ${maxBacklog}`,
        );
      }
      const publishedAt = Date.now();
      const published = messages.map((message) => ({ topic, message: ownMessage(message), publishedAt }));
      for (const queue of queues.values()) queue.push(published.map(itemOf));
      if (keeping) for (const entry of published) kept.push(entry);
      keepInLog(published, retain);
    },
    join: (topic, deliver, options) => queueOf(topic, options).join(deliver, options),
  };
}

function itemOf({ message, publishedAt }: Published): Item {
  return { message, publishedAt, attempt: 0, locked: false };
}

/** A copy: the publisher may use its buffer again, and no subscriber can change what another one sees. */
function ownMessage({ header, body, key }: Message): Message {
  const copy: Record<string, string> = Object.create(null);
  for (const name of Object.keys(header)) copy[name] = String(header[name]);
  return Object.freeze({ header: Object.freeze(copy), body: body.slice(), key });
}
