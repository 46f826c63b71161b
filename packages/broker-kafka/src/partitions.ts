import type { Admin, Consumer as KafkaConsumer } from 'kafkajs';
import type { Beginning } from './beginnings.ts';
import { makeProgress, type Progress } from './progress.ts';

/** The partitions that a member has been given, and how far each is. */
export interface Partitions {
  /** The progress of a partition, once it is known where to go on. */
  get(partition: number): Progress | undefined;
  /** Where it began, when nobody of the group had been there before us. */
  beginning(partition: number): Beginning | undefined;
  readonly held: readonly number[];
  /** The group has given us these. Rejects when the server cannot be asked. */
  assign(memberId: string, given: readonly number[]): Promise<void>;
  /** Tells Kafka what is done. What cannot be told now is told the next time. */
  commit(): Promise<void>;
  /** Jumps over what is of no interest. */
  skipTo(partition: number, offset: number): void;
}

export interface PartitionsOptions {
  readonly kafka: KafkaConsumer;
  readonly admin: Admin;
  readonly topic: string;
  readonly group: string;
  readonly beginnings: ReadonlyMap<number, Beginning>;
  /** This partition is not ours any more. */
  readonly onLost: (partition: number) => void;
}

export function makePartitions(options: PartitionsOptions): Partitions {
  const { kafka, admin, topic, group, onLost } = options;
  const beginnings = new Map(options.beginnings);
  const held = new Map<number, Progress>();
  let member: string | undefined;
  let committing: Promise<void> = Promise.resolve();

  function seek(partition: number, offset: number): void {
    kafka.seek({ topic, partition, offset: String(offset) });
  }

  function lose(partition: number): void {
    held.delete(partition);
    onLost(partition);
  }

  async function commitNow(): Promise<void> {
    const offsets = [];
    const taken: Progress[] = [];
    for (const [partition, progress] of held) {
      const commit = progress.take();
      if (commit === undefined) continue;
      offsets.push({ topic, partition, ...commit });
      taken.push(progress);
    }
    if (offsets.length === 0) return;
    try {
      await kafka.commitOffsets(offsets);
    } catch {
      for (const progress of taken) progress.untake(); // the group is changing, or the server away: again later
    }
  }

  return {
    get held() {
      return [...held.keys()];
    },
    get: (partition) => held.get(partition),
    beginning: (partition) => beginnings.get(partition),
    async assign(memberId, given) {
      // Under another name we were away: others may have gone on meanwhile
      for (const partition of [...held.keys()])
        if (memberId !== member || !given.includes(partition)) lose(partition);
      member = memberId;
      // The library would go on from what was committed, and give again what is here
      for (const [partition, { next }] of held) seek(partition, next);
      const fresh = given.filter((partition) => !held.has(partition));
      if (fresh.length === 0) return;
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      if (memberId !== member) return; // overtaken by another assignment
      for (const partition of fresh) {
        const stored = found?.partitions.find((one) => one.partition === partition);
        const offset = Number(stored?.offset ?? -1);
        if (offset >= 0) beginnings.delete(partition);
        const progress =
          offset >= 0
            ? makeProgress(offset, stored?.metadata ?? undefined)
            : makeProgress(beginnings.get(partition)?.offset ?? 0);
        held.set(partition, progress);
        seek(partition, progress.next);
      }
    },
    commit() {
      committing = committing.then(commitNow);
      return committing;
    },
    skipTo(partition, offset) {
      held.set(partition, makeProgress(offset));
      seek(partition, offset);
    },
  };
}
