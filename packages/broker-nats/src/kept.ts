import { isMicroError } from '@micro/core';
import { isObject } from '@micro/core/plugin';
import { type JetStream, nanoseconds } from './jetstream.ts';
import { nameOf } from './names.ts';

// A place in a topic that nobody has queued for yet, held by a consumer from which nobody takes. The name is none that
// a queue can have.
const holderOf = (subject: string): string => `=kept-${nameOf(subject)}`;

/** From here on, what is published waits for the first queue. Where there is a queue, it waits for that one anyway. */
export async function keepFrom(jetstream: JetStream, stream: string, subject: string): Promise<void> {
  const { consumers } = await jetstream.ask(`CONSUMER.LIST.${stream}`, { offset: 0 });
  const present = Array.isArray(consumers) ? consumers.filter(isObject) : [];
  const queues = present.filter(
    ({ name, config }) =>
      isObject(config) && config.filter_subject === subject && !String(name).startsWith('=all-'),
  );
  if (queues.length > 0) return;
  const name = holderOf(subject);
  const config = {
    ...{ name, durable_name: name, filter_subject: subject, deliver_policy: 'new' },
    ...{ ack_policy: 'explicit', ack_wait: nanoseconds(30_000), max_deliver: -1 },
  };
  await jetstream.ask(`CONSUMER.CREATE.${stream}.${name}`, { stream_name: stream, config });
}

/** Where the first queue begins: the sequence number that `keepFrom` held; undefined where nothing is kept. */
export async function keptSince(
  jetstream: JetStream,
  stream: string,
  subject: string,
): Promise<number | undefined> {
  try {
    const { delivered } = await jetstream.ask(`CONSUMER.INFO.${stream}.${holderOf(subject)}`, {});
    return isObject(delivered) ? Number(delivered.stream_seq) + 1 : undefined;
  } catch (error) {
    if (isMicroError(error, 'not_found')) return undefined;
    throw error;
  }
}

/** A queue has taken over. */
export async function release(jetstream: JetStream, stream: string, subject: string): Promise<void> {
  try {
    await jetstream.ask(`CONSUMER.DELETE.${stream}.${holderOf(subject)}`, {});
  } catch (error) {
    if (!isMicroError(error, 'not_found')) throw error; // else another member was faster
  }
}
