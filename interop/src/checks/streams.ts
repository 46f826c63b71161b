import assert from 'node:assert/strict';
import { eventually } from '@micro/conformance';
import type { Streamed } from '../protocol.ts';
import { type Check, pairOf } from './check.ts';

/** Go's servers send wrong items when a handler does not rest between them, in every version (server/rpc_stream.go). */
const everyMs = 20;

export const streams: readonly Check[] = [
  {
    name: 'a server stream comes in order, and ends well',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      const seen = await caller.ask('count', { service, body: { to: 20, everyMs } });
      assert.deepEqual(seen, { items: counted(20), end: null });
    },
  },
  {
    name: 'an error in the middle of a server stream comes behind its items',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      const seen = await caller.ask('count', { service, body: { to: 20, everyMs, failAt: 4 } });
      assert.deepEqual(seen.items, counted(3));
      assertStopped(seen);
    },
  },
  {
    name: 'a client that leaves a server stream ends its handler',
    async run(meeting) {
      const { caller, server, service } = await pairOf(meeting);
      server.ended.delete('Echo.Count');
      const seen = await caller.ask('count', { service, body: { to: 1_000, everyMs }, leaveAt: 3 });
      assert.deepEqual(seen, { items: counted(3), end: null });
      await eventually(() => server.ended.has('Echo.Count'), { timeoutMs: 5_000 });
      assert.notEqual(server.ended.get('Echo.Count'), '');
    },
  },
  {
    name: 'a two-way stream goes back and forth, and ends when the client ends it',
    async run(meeting) {
      const { caller, server, service } = await pairOf(meeting);
      server.ended.delete('Echo.Chat');
      const texts = ['one', 'größe', '世界', 'last'];
      const seen = await caller.ask('chat', { service, texts, timeoutMs: 10_000 });
      const items = ['ONE', 'GRÖSSE', '世界', 'LAST'].map((text) => ({ text }));
      assert.deepEqual(upper(seen), { items, end: null });
      await eventually(() => server.ended.has('Echo.Chat'), { timeoutMs: 5_000 });
      assert.equal(server.ended.get('Echo.Chat'), '');
    },
  },
  {
    name: 'an error in the middle of a two-way stream arrives',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      const seen = await caller.ask('chat', { service, texts: ['one', 'two', 'fail', 'three'] });
      assert.deepEqual(seen.items, [{ text: 'ONE' }, { text: 'TWO' }]);
      assertStopped(seen);
    },
  },
  {
    name: 'a client stream is answered',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      assert.deepEqual(await caller.ask('sum', { service, times: 20 }), { sum: 210 });
    },
  },
  {
    name: 'a client that is killed ends the handler of its stream',
    async run(meeting) {
      const { lane, from } = meeting;
      const { server, service } = await pairOf(meeting);
      server.began.delete('Echo.Count');
      server.ended.delete('Echo.Count');
      const doomed = await lane.start(from, { name: lane.unique('doomed') });
      const counting = doomed.ask('count', { service, body: { to: 1_000, everyMs } });
      counting.catch(() => {}); // it cannot answer any more
      await eventually(() => server.began.has('Echo.Count'));
      await doomed.kill();
      await eventually(() => server.ended.has('Echo.Count'), { timeoutMs: 5_000 });
      assert.notEqual(server.ended.get('Echo.Count'), '');
    },
  },
];

const counted = (to: number): unknown[] =>
  Array.from({ length: to }, (_, at) => ({ n: at + 1, text: 'größe' }));

/** Go's capital of ß is ß, JavaScript's is SS. */
const upper = ({ items, end }: Streamed): Streamed => ({
  items: items.map((item) => ({ text: String((item as { text: string }).text).toUpperCase() })),
  end,
});

function assertStopped({ end }: Streamed): void {
  assert.deepEqual(end && { id: end.id, code: end.code, detail: end.detail }, {
    id: 'echo',
    code: 409,
    detail: 'stop at größe',
  });
}
