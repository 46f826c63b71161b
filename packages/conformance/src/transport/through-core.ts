import assert from 'node:assert/strict';
import {
  contract,
  createClient,
  createService,
  isMicroError,
  type MicroClient,
  MicroError,
  rpc,
  type Service,
  stream,
  type,
} from '@micro/core';
import { rejects } from '../expectations.ts';
import type { TransportCase, TransportScope } from './harness.ts';

const Echo = contract('conformance-echo', 'Echo', {
  say: rpc({ request: type<{ text: string }>(), response: type<{ text: string }>() }),
  fail: rpc({ request: type<{ text: string }>(), response: type<{ text: string }>() }),
  hang: rpc({ request: type<{ text: string }>(), response: type<{ text: string }>() }),
  count: rpc({ request: type<{ to: number }>(), response: stream(type<{ n: number }>()) }),
  sum: rpc({ request: stream(type<{ n: number }>()), response: type<{ total: number }>() }),
  chat: rpc({ request: stream(type<{ text: string }>()), response: stream(type<{ text: string }>()) }),
});

interface Pair {
  readonly service: Service;
  readonly client: MicroClient;
  /** The calls of `hang` that have begun, and those that were told of their end. */
  readonly begun: readonly string[];
  readonly aborted: readonly string[];
}

/** A service and a client of core, each with an instance of the transport, which find each other in memory. */
async function pair(scope: TransportScope): Promise<Pair> {
  const network = scope.unique();
  const around = { registry: { memory: { network } }, broker: { memory: { network } }, argv: [], env: {} };
  const begun: string[] = [];
  const aborted: string[] = [];
  const service = createService({
    ...around,
    name: 'conformance-echo',
    transport: await scope.create(),
    address: scope.harness.address?.() ?? '127.0.0.1:0',
    drainMs: 1_000,
  });
  service.handle(Echo, {
    say: ({ text }) => ({ text }),
    fail({ text }) {
      throw new MicroError('conflict', text, { id: 'echo' });
    },
    hang: ({ text }, ctx) =>
      new Promise((_, reject) => {
        begun.push(text);
        ctx.signal.addEventListener('abort', () => {
          aborted.push(text);
          reject(new MicroError('canceled', 'aborted'));
        });
      }),
    async *count({ to }) {
      for (let n = 0; n < to; n++) yield { n };
    },
    async sum(numbers) {
      let total = 0;
      for await (const { n } of numbers) total += n;
      return { total };
    },
    async *chat(messages) {
      for await (const { text } of messages) yield { text: `re: ${text}` };
    },
  });
  scope.defer(() => service.stop());
  await service.start();
  const client = createClient({ ...around, transport: await scope.create() });
  scope.defer(() => client.close());
  return { service, client, begun, aborted };
}

async function* numbers(to: number): AsyncGenerator<{ n: number }> {
  for (let n = 1; n <= to; n++) yield { n };
}

/** The transport under core's own client and server: that the seam is kept from both sides. */
export const throughCoreCases: readonly TransportCase[] = [
  {
    name: 'through core: calls and errors',
    async run(scope) {
      const { client } = await pair(scope);
      const api = client.of(Echo);
      assert.deepEqual(await api.say({ text: 'größe 日本語 🚀' }), { text: 'größe 日本語 🚀' });
      const all = Array.from({ length: 100 }, (_, index) => api.say({ text: `call ${index}` }));
      assert.deepEqual(
        (await Promise.all(all)).map(({ text }) => text),
        all.map((_, index) => `call ${index}`),
      );
      const error = await rejects(api.fail({ text: 'größe' }), 'conflict');
      assert.deepEqual([error.id, error.message, error.status], ['echo', 'größe', 409]);
    },
  },
  {
    name: 'through core: a deadline ends the call, and the handler too',
    needs: ['cancel'],
    async run(scope) {
      const { client, begun, aborted } = await pair(scope);
      const api = client.of(Echo);
      await api.say({ text: 'connected' });
      // A request that is still on its way at its deadline need not come to a handler at all.
      for (let timeoutMs = 100; begun.length === 0; timeoutMs *= 2)
        await rejects(api.hang({ text: 'late' }, { timeoutMs }), 'timeout');
      await scope.eventually(() => assert.deepEqual(aborted, begun));
    },
  },
  {
    name: 'through core: a caller that gives up aborts the handler',
    needs: ['cancel'],
    async run(scope) {
      const { client, begun, aborted } = await pair(scope);
      const controller = new AbortController();
      const calling = client.of(Echo).hang({ text: 'left' }, { signal: controller.signal });
      const failed = rejects(calling, 'canceled');
      await scope.eventually(() => begun.includes('left')); // by connections of their own one call may pass another
      controller.abort();
      await failed;
      await scope.eventually(() => aborted.includes('left'));
    },
  },
  {
    name: 'through core: all kinds of streams',
    needs: ['streams'],
    async run(scope) {
      const api = (await pair(scope)).client.of(Echo);
      const seen: number[] = [];
      for await (const { n } of api.count({ to: 500 })) seen.push(n);
      assert.deepEqual(
        seen,
        Array.from({ length: 500 }, (_, index) => index),
      );
      assert.deepEqual(await api.sum(numbers(500)), { total: 125_250 });
      const said: string[] = [];
      const words = (async function* () {
        yield { text: 'a' };
        yield { text: 'b' };
      })();
      for await (const { text } of api.chat(words)) said.push(text);
      assert.deepEqual(said, ['re: a', 're: b']);
      for await (const { n } of api.count({ to: 1_000_000 })) if (n === 10) break; // the client leaves early
      assert.deepEqual(await api.say({ text: 'still well' }), { text: 'still well' });
    },
  },
  {
    name: 'through core: a service that stops finishes what is under way, and drops nothing',
    async run(scope) {
      const { service, client } = await pair(scope);
      const api = client.of(Echo);
      await api.say({ text: 'connected' });
      const calls = Array.from({ length: 200 }, (_, index) => api.say({ text: String(index) }));
      const stopping = service.stop();
      const outcomes = await Promise.allSettled(calls);
      await stopping;
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        // refused is right, when the last node leaves; lost is not
        const { reason }: { reason: unknown } = outcome;
        assert.ok(isMicroError(reason, 'unavailable') || isMicroError(reason, 'not_found'), String(reason));
      }
    },
  },
];
