import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import type { Message } from '@micro/core';
import { AssignerProtocol, Kafka, logLevel, type PartitionAssigner } from 'kafkajs';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { collect, message, subscribing } from '../../../testing/events.ts';
import { brokerAt } from './world.ts';

/** sarama's default, which go-micro takes (balance_strategy.go): each who subscribes to a topic gets a range of it. */
const range: PartitionAssigner = ({ cluster }) => ({
  ...{ name: 'range', version: 0 },
  protocol: ({ topics }) => ({
    name: 'range',
    metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
  }),
  async assign({ members }) {
    const topicsOf = new Map(
      members.map(({ memberId, memberMetadata }) => [
        memberId,
        AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [],
      ]),
    );
    await cluster.addMultipleTargetTopics([...new Set([...topicsOf.values()].flat())]);
    const partsOf = (memberId: string, topic: string): number[] => {
      const takers = [...topicsOf.keys()].filter((id) => topicsOf.get(id)?.includes(topic));
      const all = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
      const [step, at] = [all.length / takers.length, takers.indexOf(memberId)];
      return all.slice(Math.floor(at * step + 0.5), Math.floor((at + 1) * step + 0.5));
    };
    return [...topicsOf].map(([memberId, topics]) => ({
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: 0,
        assignment: Object.fromEntries(topics.map((topic) => [topic, partsOf(memberId, topic)])),
        userData: Buffer.alloc(0),
      }),
    }));
  },
});

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

await describeBackend('kafka', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  }, 60_000);

  /** As go-micro subscribes with a queue (go-micro/plugins v4: broker/kafka/kafka.go). It notes keys. */
  async function goMember(groupId: string, topic: string): Promise<string[]> {
    const seen: string[] = [];
    const kafka = new Kafka({ brokers: [server.url], logLevel: logLevel.NOTHING });
    const consumer = kafka.consumer({
      ...{ groupId, heartbeatInterval: 200, maxWaitTimeInMs: 100, partitionAssigners: [range] },
    });
    undo.push(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topic });
    await consumer.run({ eachMessage: async ({ message: { key } }) => void seen.push(String(key)) });
    return seen;
  }

  test.each([
    ['ours', 'of our members has made the group, and shares it out'],
    ['go', 'in Go has made the group, and shares it out'],
  ])(
    'with goQueues, members in Go and ours share, when the first %s',
    async (first) => {
      const [queue, topic, other] = ['queue', 'topic', 'other'].map((name) => `${name}.${first}`);
      if (queue === undefined || topic === undefined || other === undefined) return;
      const publisher = brokerAt(server.url, { partitions: 4 });
      for (const name of [topic, other]) await publisher.publish(name, [message('makes the topic')]);
      const [mine, others]: [Message[], Message[]] = [[], []];
      const ours = async (): Promise<void> => {
        const broker = brokerAt(server.url, { goQueues: true });
        await broker.subscribe(topic, collect(mine), subscribing({ queue, durable: true }));
        await broker.subscribe(other, collect(others), subscribing({ queue, durable: true }));
      };
      if (first === 'ours') await ours();
      const go = await goMember(queue, topic);
      if (first === 'go') await ours();
      const publish = (name: string, what: string): Promise<void> =>
        publisher.publish(
          name,
          Array.from({ length: 40 }, (_, n) => message('{}', { key: `${what} ${n}` })),
        );
      const keys = (all: readonly Message[]): string[] => all.map(({ key }) => String(key));
      // The group is complete when both get some
      await eventually(
        async () => {
          await publish(topic, 'probe');
          return go.length > 0 && mine.length > 0;
        },
        { timeoutMs: 20_000 },
      );
      await publish(topic, 'shared');
      await publish(other, 'other');
      await eventually(() => {
        const [inGo, inOurs] = [go, keys(mine)].map((all) => all.filter((key) => key.startsWith('shared')));
        expect([inGo?.length, inOurs?.length]).not.toContain(0);
        expect(new Set([...(inGo ?? []), ...(inOurs ?? [])]).size).toBe(40);
        expect((inGo?.length ?? 0) + (inOurs?.length ?? 0)).toBe(40);
        expect(new Set(keys(others)).size).toBe(40);
      });
    },
    60_000,
  );
});
