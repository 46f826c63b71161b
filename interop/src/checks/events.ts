import assert from 'node:assert/strict';
import { eventually } from '@micro/conformance';
import type { Lane } from '../lane.ts';
import type { Peer } from '../peer-process.ts';
import type { EventSeen } from '../protocol.ts';
import type { Check } from './check.ts';

const count = 40;
const numbers = Array.from({ length: count }, (_, at) => at + 1);

export const events: readonly Check[] = [
  {
    name: 'a subscriber gets every event, with its text and headers',
    async run({ lane, from, to }) {
      const topic = lane.unique('topic');
      const subscriber = await subscribed(lane, to, topic);
      const publisher = await lane.peer(from);
      await reached(publisher, topic, [subscriber]);
      const args = { topic, times: count, metadata: { Tenant: 'größe', 'x-trace': 'abc' } };
      assert.deepEqual(await publisher.ask('publish', args), { failures: {} });
      await eventually(() => eventsOf(subscriber).length >= count);
      assert.deepEqual(seen(subscriber), numbers);
      const first = eventsOf(subscriber)[0];
      assert.equal(first?.text, 'größe');
      assert.equal(first?.headers.tenant, 'größe');
      assert.equal(first?.headers['x-trace'], 'abc');
    },
  },
  {
    name: 'every subscriber without a queue gets every event, Go and ours',
    async run({ lane, from }) {
      const topic = lane.unique('topic');
      const both = await Promise.all([subscribed(lane, 'go', topic), subscribed(lane, 'ts', topic)]);
      const publisher = await lane.peer(from);
      await reached(publisher, topic, both);
      assert.deepEqual(await publisher.ask('publish', { topic, times: count }), { failures: {} });
      for (const subscriber of both) {
        await eventually(() => eventsOf(subscriber).length >= count);
        assert.deepEqual(seen(subscriber), numbers);
      }
    },
  },
  {
    name: 'a queue of one Go member and one of ours shares the events, each once',
    async run({ lane, from }) {
      const topic = lane.unique('topic');
      const queue = lane.unique('queue');
      const members = await Promise.all([
        subscribed(lane, 'go', `${topic}=${queue}`),
        subscribed(lane, 'ts', `${topic}=${queue}`),
      ]);
      const publisher = await lane.peer(from);
      await reached(publisher, topic, members);
      assert.deepEqual(await publisher.ask('publish', { topic, times: count }), { failures: {} });
      const all = (): number[] => members.flatMap(seen).sort((a, b) => a - b);
      await eventually(() => all().length >= count);
      assert.deepEqual(all(), numbers);
      for (const member of members) assert.ok(eventsOf(member).length > 0, `${member.name} got nothing`);
    },
  },
  {
    name: 'a member that stops leaves its share to the other',
    async run({ lane, from, to }) {
      const topic = lane.unique('topic');
      const queue = lane.unique('queue');
      const [leaving, staying] = await Promise.all([
        subscribed(lane, from, `${topic}=${queue}`),
        subscribed(lane, to, `${topic}=${queue}`),
      ]);
      const publisher = await lane.peer(from);
      await reached(publisher, topic, [leaving, staying]);
      await publisher.ask('publish', { topic, times: count });
      await eventually(() => eventsOf(leaving).length + eventsOf(staying).length >= count);
      await leaving.stop();
      const before = eventsOf(staying).length;
      assert.deepEqual(await publisher.ask('publish', { topic, times: count }), { failures: {} });
      await eventually(() => {
        const came = eventsOf(staying).length - before;
        assert.ok(came >= count, `only ${came} of ${count} came`);
      });
    },
  },
];

const subscribed = (lane: Lane, language: 'go' | 'ts', subscription: string): Promise<Peer> =>
  lane.start(language, { name: lane.unique('subscriber'), subscribe: [subscription] });

/**
 * Until each of them gets events: a Go member joins a group of Kafka's some time after it says that it is ready, and
 * who has joined shares with it only when the group knows.
 */
async function reached(publisher: Peer, topic: string, subscribers: readonly Peer[]): Promise<void> {
  const metadata = { probe: 'yes' };
  const probe = async (): Promise<boolean> => {
    await publisher.ask('publish', { topic, times: 8, metadata });
    return subscribers.every(({ messages }) => messages.length > 0);
  };
  await eventually(probe, { timeoutMs: 20_000 });
}

/** What it has got, but for probes. */
const eventsOf = ({ messages }: Peer): readonly EventSeen[] =>
  messages.filter(({ headers }) => headers.probe === undefined);

/** The numbers that it has got, in order: not every broker keeps it. */
const seen = (peer: Peer): number[] =>
  eventsOf(peer)
    .map(({ n }) => n)
    .sort((a, b) => a - b);
