import type { SubscribeOptions } from '@micro/core';
import { isObject } from '@micro/core/plugin';
import { JetStreamError } from './errors.ts';
import { type JetStream, nanoseconds } from './jetstream.ts';
import { keptSince, release } from './kept.ts';

/** A position in a stream that its members share: JetStream calls it a consumer. */
export interface Position {
  readonly stream: string;
  readonly name: string;
  /** What is neither acknowledged nor reported on for so long is delivered again. */
  readonly ackWaitMs: number;
}

export interface Wanted extends Pick<SubscribeOptions, 'queue' | 'durable' | 'start' | 'ordered'> {
  readonly name: string;
  readonly subject: string;
  readonly redeliverAfterMs: number;
  /** The last message of an earlier position, which is gone: the new one goes on behind it. */
  readonly after: number | undefined;
}

/** A queue that is not durable is forgotten this long after its last member has left or was cut off. */
const forgottenAfterMs = 5 * 60_000;
/** Messages that are with members or wait for a retry: so many failures at once hold a queue up. */
const mostPending = 16_384;
const notFound = 10_014; // JSConsumerNotFoundErr
const taken: ReadonlySet<number> = new Set([10_013, 10_105, 10_148]); // the name is there, with other settings

/**
 * Joins the queue of that name, or makes it. What two members want
 * differently becomes the stricter: durable, and ordered.
 */
export async function join(jetstream: JetStream, stream: string, wanted: Wanted): Promise<Position> {
  const { name, queue } = wanted;
  const present = await look(jetstream, stream, name);
  if (present !== undefined) return tighten(jetstream, stream, present, wanted);
  const kept = await keptFor(jetstream, stream, wanted);
  try {
    const position = await put(jetstream, stream, {
      ...{ name, durable_name: name, filter_subject: wanted.subject, ack_policy: 'explicit' },
      ack_wait: nanoseconds(wanted.redeliverAfterMs),
      max_ack_pending: wanted.ordered && queue !== undefined ? 1 : mostPending,
      ...{ max_deliver: -1, replay_policy: 'instant' },
      inactive_threshold: wanted.durable ? 0 : nanoseconds(forgottenAfterMs),
      ...(kept === undefined ? await startOf(jetstream, stream, wanted) : from(kept)),
      ...(queue === undefined && { mem_storage: true, num_replicas: 1 }),
    });
    if (kept !== undefined) await release(jetstream, stream, wanted.subject);
    return position;
  } catch (error) {
    if (!(error instanceof JetStreamError) || !taken.has(error.reason)) throw error;
    const other = await look(jetstream, stream, name); // another member was faster
    if (other === undefined) throw error;
    return tighten(jetstream, stream, other, wanted);
  }
}

/** Takes a position away that nobody shares. */
export async function leave(jetstream: JetStream, { stream, name }: Position): Promise<void> {
  await jetstream.ask(`CONSUMER.DELETE.${stream}.${name}`, {});
}

/** What we look at in a consumer's settings; the others go back as they came. */
interface Config extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly ack_wait: number;
  readonly max_ack_pending: number;
  readonly inactive_threshold: number;
}

async function put(jetstream: JetStream, stream: string, config: Config): Promise<Position> {
  const request = { stream_name: stream, config };
  await jetstream.ask(`CONSUMER.CREATE.${stream}.${config.name}`, request);
  return { stream, name: config.name, ackWaitMs: config.ack_wait / 1_000_000 };
}

async function look(jetstream: JetStream, stream: string, name: string): Promise<Config | undefined> {
  try {
    const { config } = await jetstream.ask(`CONSUMER.INFO.${stream}.${name}`, {});
    const found = isObject(config) ? config : {};
    const { ack_wait = nanoseconds(30_000), max_ack_pending = mostPending, inactive_threshold = 0 } = found;
    return {
      ...found,
      name,
      ack_wait: Number(ack_wait),
      max_ack_pending: Number(max_ack_pending),
      inactive_threshold: Number(inactive_threshold),
    };
  } catch (error) {
    if (error instanceof JetStreamError && error.reason === notFound) return undefined;
    throw error;
  }
}

async function tighten(
  jetstream: JetStream,
  stream: string,
  present: Config,
  { ordered, durable }: Wanted,
): Promise<Position> {
  const max_ack_pending = ordered ? 1 : present.max_ack_pending;
  const inactive_threshold = durable ? 0 : present.inactive_threshold;
  if (max_ack_pending !== present.max_ack_pending || inactive_threshold !== present.inactive_threshold)
    return put(jetstream, stream, { ...present, max_ack_pending, inactive_threshold });
  return { stream, name: present.name, ackWaitMs: present.ack_wait / 1_000_000 };
}

/** A new queue begins with what was kept for it. */
async function keptFor(
  jetstream: JetStream,
  stream: string,
  { queue, start, after, subject }: Wanted,
): Promise<number | undefined> {
  if (queue === undefined || start !== 'new' || after !== undefined) return undefined;
  return keptSince(jetstream, stream, subject);
}

const from = (sequence: number): object => ({
  deliver_policy: 'by_start_sequence',
  opt_start_seq: sequence,
});

async function startOf(jetstream: JetStream, stream: string, { start, after }: Wanted): Promise<object> {
  if (after !== undefined) {
    const { state } = await jetstream.ask(`STREAM.INFO.${stream}`, {});
    const newest = isObject(state) ? Number(state.last_seq) : 0;
    if (newest < after) return { deliver_policy: 'all' }; // another stream, made after ours was lost
    return from(after + 1);
  }
  if (typeof start !== 'string')
    return { deliver_policy: 'by_start_time', opt_start_time: new Date(start.sinceMs).toISOString() };
  return { deliver_policy: start };
}
