import assert from 'node:assert/strict';
import { type Check, pairOf } from './check.ts';

/** Messages of a .proto file (go/v4/messages.proto), in the content type of the stack. */
export const messages: readonly Check[] = [
  {
    name: 'a message with a field of every kind there and back',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      assert.deepEqual(await caller.ask('mirror', { service }), { same: true });
    },
  },
  {
    name: 'a message in which nothing is set there and back',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      assert.deepEqual(await caller.ask('mirror', { service, texts: [''] }), { same: true });
    },
  },
  {
    name: 'an integer beyond 2^53 there and back',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      assert.deepEqual(await caller.ask('mirror', { service, texts: ['large'] }), { same: true });
    },
  },
  {
    name: 'an error instead of a message',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      const { id, code, detail } = await caller.failing('mirror', { service, texts: ['fail'] });
      assert.deepEqual({ id, code, detail }, { id: 'mirror', code: 404, detail: 'no größe' });
    },
  },
  {
    name: 'a two-way stream of messages',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      assert.deepEqual(await caller.ask('mirrorEach', { service, times: 10, timeoutMs: 10_000 }), {
        same: true,
      });
    },
  },
];
