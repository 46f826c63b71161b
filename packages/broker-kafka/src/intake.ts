import { type Deliver, MicroError, type SubscribeOptions } from '@micro/core';
import { type Consumer, makeConsumer, pause, type Received } from '@micro/core/plugin';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Beginning } from './beginnings.ts';
import { decodeMessage, isKept } from './message.ts';
import type { Partitions } from './partitions.ts';
import type { Progress } from './progress.ts';

interface Held extends Received {
  readonly partition: number;
}

/** Hands what Kafka brings to handlers, no more than there are places for. */
export interface Intake {
  readonly consumer: Consumer<Held>;
  /** As the library calls it. It resolves when every message has been handed over, or the partition is not ours. */
  eachBatch(payload: EachBatchPayload): Promise<void>;
  /** Nobody waits for a place any more. */
  wake(): void;
}

export interface IntakeOptions extends Pick<SubscribeOptions, 'maxInFlight' | 'ordered' | 'onError'> {
  readonly heartbeatMs: number;
  /** Aborts when nothing more is wanted. */
  readonly stopped: AbortSignal;
  readonly partitions: () => Partitions;
}

/** While it is being asked where to begin. */
const askingMs = 100;
/** Events between the first that is not done and the newest: so many may come again after a crash. */
const mostAhead = 10_000;

export function makeIntake(deliver: Deliver, options: IntakeOptions): Intake {
  const { maxInFlight, ordered, onError, heartbeatMs, stopped, partitions } = options;
  let room: (() => void) | undefined;
  const consumer = makeConsumer<Held>(deliver, {
    ...{ maxInFlight, ordered, onError },
    retryHere: true, // Kafka delivers nothing again: it keeps one number a partition
    onFree: () => room?.(),
  });

  function give(message: KafkaMessage, partition: number, progress: Progress): void {
    const offset = Number(message.offset);
    const attempt = progress.begin(offset);
    if (attempt === undefined) return; // another member had done it
    const done = (): void => progress.done(offset);
    if (offset < (partitions().beginning(partition)?.keptBefore ?? 0) && !isKept(message)) {
      done();
      return;
    }
    try {
      consumer.give({
        ...{ partition, attempt, message: decodeMessage(message), publishedAt: Number(message.timestamp) },
        settle: ({ outcome }) => outcome === 'ack' && done(),
        again: (attempt) => progress.again(offset, attempt),
        giveBack: (attempt) => progress.again(offset, attempt),
      });
    } catch (error) {
      onError(MicroError.from(error));
      done();
    }
  }

  /** Waits for a place, and shows meanwhile that we live. False: what comes is not ours any more. */
  async function makeRoom(
    { heartbeat, isRunning, isStale }: EachBatchPayload,
    progress: Progress,
  ): Promise<boolean> {
    while (isRunning() && !isStale() && !stopped.aborted) {
      if (consumer.free > 0 && progress.ahead < mostAhead) return true;
      const over = new AbortController();
      await Promise.race([pause(heartbeatMs, over.signal, true), new Promise<void>((free) => (room = free))]);
      over.abort();
      await heartbeat();
    }
    return false;
  }

  return {
    consumer,
    wake: () => room?.(),
    async eachBatch(payload) {
      const { batch, resolveOffset, heartbeat } = payload;
      const { partition } = batch;
      const progress = partitions().get(partition);
      if (progress === undefined) return pause(askingMs, stopped, true);
      const beginning = partitions().beginning(partition);
      if (isOfNoInterest(batch.messages[0], beginning, progress)) {
        partitions().skipTo(partition, beginning?.keptBefore ?? 0);
        return;
      }
      for (const message of batch.messages) {
        if (Number(message.offset) < progress.next) continue;
        if (!(await makeRoom(payload, progress))) return;
        if (partitions().get(partition) !== progress) return;
        give(message, partition, progress);
        resolveOffset(message.offset);
      }
      await heartbeat();
    },
  };
}

/** A topic whose oldest message was kept for nobody holds nothing for the first queue. */
function isOfNoInterest(
  oldest: KafkaMessage | undefined,
  beginning: Beginning | undefined,
  { next }: Progress,
): boolean {
  if (oldest === undefined || beginning === undefined || next !== beginning.offset) return false;
  return Number(oldest.offset) < beginning.keptBefore && !isKept(oldest);
}
