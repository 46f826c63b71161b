import assert from 'node:assert/strict';
import { eventually } from '@micro/conformance';
import type { Lane } from '../lane.ts';
import type { Peer } from '../peer-process.ts';
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
      const args = { topic, times: count, metadata: { Tenant: 'größe', 'x-trace': 'abc' } };
      assert.deepEqual(await publisher.ask('publish', args), { failures: {} });
      await eventually(() => subscriber.messages.length >= count);
      assert.deepEqual(seen(subscriber), numbers);
      const [first] = subscriber.messages;
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
      assert.deepEqual(await publisher.ask('publish', { topic, times: count }), { failures: {} });
      for (const subscriber of both) {
        await eventually(() => subscriber.messages.length >= count);
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
      assert.deepEqual(await publisher.ask('publish', { topic, times: count }), { failures: {} });
      const all = (): number[] => members.flatMap(seen).sort((a, b) => a - b);
      await eventually(() => all().length >= count);
      assert.deepEqual(all(), numbers);
      for (const member of members) assert.ok(member.messages.length > 0, `${member.name} got nothing`);
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
      await publisher.ask('publish', { topic, times: count });
      await eventually(() => leaving.messages.length + staying.messages.length >= count);
      await leaving.stop();
      const before = staying.messages.length;
      assert.deepEqual(await publisher.ask('publish', { topic, times: count }), { failures: {} });
      await eventually(() => {
        const came = staying.messages.length - before;
        assert.ok(came >= count, `only ${came} of ${count} came`);
      });
    },
  },
];

const subscribed = (lane: Lane, language: 'go' | 'ts', subscription: string): Promise<Peer> =>
  lane.start(language, { name: lane.unique('subscriber'), subscribe: [subscription] });

/** The numbers that it has got, in order: not every broker keeps it. */
const seen = (peer: Peer): number[] => peer.messages.map(({ n }) => n).sort((a, b) => a - b);
