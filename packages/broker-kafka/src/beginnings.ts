import type { SubscribeOptions } from '@micro/core';
import type { Admin } from 'kafkajs';
import { isGroupOf } from './names.ts';

/** Where a group begins in a partition that it has never been in. */
export interface Beginning {
  readonly offset: number;
  /** Before this offset only what was kept for the first queue is of interest. */
  readonly keptBefore: number;
}

/** Looks where the partitions end now, or began, or were at a time. */
export async function beginningsOf(
  admin: Admin,
  topic: string,
  group: string,
  { start, queue }: Pick<SubscribeOptions, 'start' | 'queue'>,
  goQueues: boolean,
): Promise<ReadonlyMap<number, Beginning>> {
  if (typeof start !== 'string') {
    const found = await admin.fetchTopicOffsetsByTimestamp(topic, start.sinceMs);
    return new Map(found.map(({ partition, offset }) => [partition, from(Number(offset))]));
  }
  const offsets = await admin.fetchTopicOffsets(topic);
  // Go's groups do not say of which topics they are: each is the first
  const first = queue !== undefined && start === 'new' && (goQueues || (await isFirst(admin, topic, group)));
  return new Map(
    offsets.map(({ partition, high, low }) => {
      if (start === 'all') return [partition, from(Number(low))];
      return [partition, first ? { offset: Number(low), keptBefore: Number(high) } : from(Number(high))];
    }),
  );
}

const from = (offset: number): Beginning => ({ offset, keptBefore: 0 });

async function isFirst(admin: Admin, topic: string, group: string): Promise<boolean> {
  const { groups } = await admin.listGroups();
  return !groups.some(({ groupId }) => groupId !== group && isGroupOf(groupId, topic));
}
