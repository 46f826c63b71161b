import assert from 'node:assert/strict';
import { MicroError, type StreamKind } from '@micro/core';
import { dial, textOf } from './client.ts';
import { deserted } from './failures.ts';
import type { TransportCase, TransportScope } from './harness.ts';
import type { ReceivingEnd } from './receiving-end.ts';
import { serve } from './server.ts';
import { items, texts } from './streams.ts';

const needs = ['streams'];
const manyKinds: readonly StreamKind[] = ['client-stream', 'server-stream', 'bidi'];

async function failure(side: ReceivingEnd): Promise<NonNullable<ReceivingEnd['failure']>> {
  await side.until(() => side.failure !== undefined);
  return side.failure ?? assert.fail();
}

/** Writes much more than a reader takes, and says whether the writer was stopped. */
async function pour(scope: TransportScope, from: ReceivingEnd, to: ReceivingEnd): Promise<void> {
  const body = 'x'.repeat(65_536);
  const count = 1024; // 64 MiB: more than all buffers of the kernel and of any library
  to.pause();
  let written = 0;
  const writing = from.writeAll(Array<string>(count).fill(body), () => {
    written++;
  });
  let lately = -1;
  let since = performance.now();
  await from.until(() => {
    if (written !== lately) {
      lately = written;
      since = performance.now();
    }
    return written === count || performance.now() - since > (scope.harness.quietMs ?? 200);
  });
  assert.ok(written < count, 'the writer was never slowed down by a reader that had paused');
  const taken = to.bodies.length;
  assert.ok(taken < count, 'a paused reader was given everything');
  to.resume();
  await writing;
  from.finish();
  await to.until(() => to.ended);
  assert.equal(to.bodies.length, count);
  assert.ok(to.bodies.every((one) => textOf(one) === body));
}

/** Streams that end early, fail, or are slow. */
export const streamFailureCases: readonly TransportCase[] = [
  {
    name: 'a slow client slows the server that writes to it',
    needs: ['streams', 'pushback'],
    async run(scope) {
      const server = await serve(scope);
      const stream = (await dial(scope, server.address)).open('bidi');
      stream.write('hello');
      const { from } = await scope.eventually(() => server.streams[0] ?? false);
      await pour(scope, from, stream);
    },
  },
  {
    name: 'a slow server slows the client that writes to it',
    needs: ['streams', 'pushback'],
    async run(scope) {
      const server = await serve(scope);
      const stream = (await dial(scope, server.address)).open('bidi');
      stream.write('hello');
      const { from } = await scope.eventually(() => server.streams[0] ?? false);
      await scope.eventually(() => from.bodies.length === 1);
      from.bodies.length = 0;
      await pour(scope, stream, from);
    },
  },
  {
    name: 'a slow stream does not hold up calls on the same connection',
    needs: ['streams', 'pushback'],
    async run(scope) {
      const server = await serve(scope, {
        stream: ({ from }) => void from.writeAll(items(200, 'x'.repeat(65_536))),
      });
      const client = await dial(scope, server.address);
      const stream = client.open('server-stream');
      stream.pause();
      stream.write('go');
      stream.finish();
      await scope.eventually(() => server.streams.length === 1);
      for (const item of items(20)) assert.equal(textOf(await client.call(item)), item);
      stream.abort(new MicroError('canceled', 'left'));
    },
  },
  {
    name: 'a server may end before the client has: the rest of its messages goes nowhere',
    needs,
    async run(scope) {
      const server = await serve(scope, {
        stream({ from }) {
          from.write('enough');
          from.finish();
        },
      });
      const client = await dial(scope, server.address);
      const stream = client.open('client-stream');
      for (let written = 0; !stream.over && written < 10_000; written++) {
        stream.write('more');
        await new Promise((resolve) => setImmediate(resolve));
      }
      await scope.eventually(() => stream.ended);
      assert.deepEqual(texts(stream), ['enough']);
      stream.write('late');
      stream.finish();
      assert.equal(textOf(await client.call('still well')), 'still well');
    },
  },
  {
    name: 'an error in the middle comes after what was sent before it, delivered yes, and a refusal as no',
    needs,
    async run(scope) {
      const server = await serve(scope, {
        stream({ from, incoming }) {
          if (incoming.metadata.refuse === 'yes') {
            from.abort(new MicroError('overloaded', 'too much', { id: 'test' }), 'no');
            return;
          }
          for (const item of items(3)) from.write(item);
          from.abort(new MicroError('conflict', 'größe', { id: 'test' }));
        },
      });
      const client = await dial(scope, server.address);
      for (const kind of manyKinds) {
        const stream = client.open(kind);
        stream.write('go');
        const { error, delivered } = await failure(stream);
        assert.deepEqual([error.code, error.id, error.message], ['conflict', 'test', 'größe']);
        assert.equal(delivered, 'yes');
        assert.deepEqual(texts(stream), items(3));
        stream.write('late');
        const refused = client.open(kind, { metadata: { refuse: 'yes' } });
        refused.write('go');
        const refusal = await failure(refused);
        assert.deepEqual([refusal.error.code, refusal.delivered], ['overloaded', 'no']);
      }
      assert.equal(textOf(await client.call('still well')), 'still well');
    },
  },
  {
    name: 'the server is told when the client leaves a stream',
    needs,
    async run(scope) {
      const server = await serve(scope, { stream: ({ from }) => void from.write('hello') });
      const client = await dial(scope, server.address);
      const [leaving, staying] = [client.open('bidi'), client.open('bidi')];
      leaving.write('leaving');
      staying.write('staying');
      await scope.eventually(() => leaving.bodies.length === 1 && staying.bodies.length === 1);
      await scope.eventually(() => server.streams.every(({ from }) => from.bodies.length === 1));
      leaving.abort(new MicroError('canceled', 'left'));
      const of = (text: string): ReceivingEnd | undefined =>
        server.streams.find(({ from }) => textOf(from.bodies[0]) === text)?.from;
      await scope.eventually(() => of('leaving')?.failure !== undefined);
      assert.equal(of('staying')?.failure, undefined, 'the other stream was ended too');
      of('staying')?.finish();
      await scope.eventually(() => staying.ended);
      assert.equal(textOf(await client.call('still well')), 'still well');
    },
  },
  {
    name: 'a stream fails with unavailable on both sides when the listener closes, and never as delivered no',
    needs,
    async run(scope) {
      const server = await serve(scope);
      const stream = (await dial(scope, server.address)).open('bidi');
      stream.write('hello');
      await scope.eventually(() => server.streams[0]?.from.bodies.length === 1);
      await server.listener.close();
      const { error, delivered } = await failure(stream);
      assert.equal(error.code, 'unavailable');
      assert.equal(delivered, 'maybe');
      await scope.eventually(() => server.streams[0]?.from.failure !== undefined);
    },
  },
  {
    name: 'a stream to where nobody listens fails with unavailable, delivered no',
    needs,
    async run(scope) {
      const client = await dial(scope, await deserted(scope));
      for (const kind of manyKinds) {
        const stream = client.open(kind);
        stream.write('hello');
        const { error, delivered } = await failure(stream);
        assert.deepEqual([error.code, delivered], ['unavailable', 'no']);
      }
    },
  },
];
