import { type Message, MicroError } from '@micro/core';
import { abortable, atMost, checkSignal } from '@micro/core/plugin';
import type { Message as Outgoing, Producer } from 'kafkajs';
import { makeClient } from './client.ts';
import { kafkaError, typeOf } from './errors.ts';
import { encodeMessage } from './message.ts';
import { topicOf } from './names.ts';
import { leavingMs, type Settings } from './options.ts';
import { makePartitioner } from './partitioner.ts';
import type { EnsureTopic } from './topics.ts';

export interface Publisher {
  publish(
    topic: string,
    messages: readonly Message[],
    kept: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void>;
  close(): Promise<void>;
}

/** An idle connection is made anew at its next use. */
const idleMs = 60_000;
/** About two seconds. Who publishes is told that the server is away, and nothing waits. */
const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 6 };
/** Of one request: a server takes 1 MiB by default. */
const mostMessages = 500;
const mostBytes = 512 * 1_024;

export function makePublisher(settings: Settings, ensureTopic: EnsureTopic): Publisher {
  const client = makeClient(settings, retry, idleMs);
  const { partitioner, nextTurn } = makePartitioner();
  // Not the idempotent one: with concurrent sends it lost a confirmed message when its server was killed
  const producer: Producer = client.kafka.producer({
    createPartitioner: partitioner,
    allowAutoTopicCreation: false,
  });
  let connecting: Promise<void> | undefined;
  let unconfirmed = 0;

  function connect(): Promise<void> {
    if (connecting === undefined) {
      const started = producer.connect();
      connecting = started;
      started.catch(() => {
        connecting = undefined;
      });
    }
    return connecting;
  }

  async function send(topic: string, messages: Outgoing[]): Promise<void> {
    try {
      await producer.send({ topic, messages, acks: -1, timeout: settings.timeoutMs });
    } catch (error) {
      // Together they may be more than the server takes at once
      if (typeOf(error) !== 'MESSAGE_TOO_LARGE' || messages.length === 1) throw error;
      const half = messages.length >> 1;
      await send(topic, messages.slice(0, half));
      await send(topic, messages.slice(half));
    }
  }

  return {
    async publish(topic, messages, kept, signal) {
      if (unconfirmed > 0 && unconfirmed + messages.length > settings.maxUnconfirmed)
        throw new MicroError('overloaded', `kafka: ${unconfirmed} messages wait for their confirmation`);
      unconfirmed += messages.length;
      const name = topicOf(topic);
      try {
        await abortable(ensureTopic(name), signal);
        await abortable(connect(), signal);
        nextTurn();
        for (const batch of batchesOf(messages.map((message) => encodeMessage(topic, message, kept)))) {
          checkSignal(signal);
          await abortable(send(name, batch), signal);
        }
      } catch (error) {
        throw kafkaError(error, `publishing to ${name}`);
      } finally {
        unconfirmed -= messages.length;
      }
    },
    async close() {
      const connected = connecting?.then(() => producer.disconnect());
      await atMost(Promise.resolve(connected).catch(nothing), leavingMs);
      client.destroy();
    },
  };
}

const nothing = (): void => undefined; // it was lost, or never there: its sockets go all the same

function* batchesOf(messages: readonly Outgoing[]): Generator<Outgoing[]> {
  let batch: Outgoing[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.value?.length ?? 0;
    if (batch.length > 0 && (batch.length >= mostMessages || bytes + size > mostBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
