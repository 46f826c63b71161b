import assert from 'node:assert/strict';
import { type Body, MicroError } from '@micro/core';
import { entries, oddMetadata } from '../expectations.ts';
import { dial, textOf } from './client.ts';
import type { TransportCase } from './harness.ts';
import type { ReceivingEnd } from './receiving-end.ts';
import { serve } from './server.ts';

const needs = ['streams'];

/** `item 0`, `item 1`, … */
export function items(count: number, prefix = 'item'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix} ${index}`);
}

export function texts({ bodies }: { readonly bodies: readonly Body[] }): readonly string[] {
  return bodies.map(textOf);
}

/** Waits for the end of the stream, and throws for a failure. */
async function end(side: ReceivingEnd): Promise<void> {
  await side.until(() => side.ended || side.failure !== undefined);
  if (side.failure !== undefined) throw side.failure.error;
}

/** Streams that go well. */
export const streamCases: readonly TransportCase[] = [
  {
    name: 'a server stream: one message there, many back, in order, then the end',
    needs,
    async run(scope) {
      const server = await serve(scope, {
        async stream({ from }) {
          await end(from);
          await from.writeAll(items(200, textOf(from.bodies[0])));
          from.finish();
        },
      });
      const client = await dial(scope, server.address);
      const stream = client.open('server-stream');
      stream.write('größe');
      stream.finish();
      await end(stream);
      assert.deepEqual(texts(stream), items(200, 'größe'));
      assert.deepEqual(
        server.streams.map(({ endpoint }) => endpoint),
        ['Test.ServerStream'],
      );
    },
  },
  {
    name: 'a client stream: many there, one back',
    needs,
    async run(scope) {
      const server = await serve(scope, {
        async stream({ from }) {
          await end(from);
          from.write(`${from.bodies.length} items`);
          from.finish();
        },
      });
      const stream = (await dial(scope, server.address)).open('client-stream');
      await stream.writeAll(items(200));
      stream.finish();
      await end(stream);
      assert.deepEqual(texts(stream), ['200 items']);
      const [served] = server.streams;
      assert.deepEqual(served === undefined ? [] : texts(served.from), items(200));
    },
  },
  {
    name: 'bidirectional: each message is answered before the next is sent',
    needs,
    async run(scope) {
      const server = await serve(scope, {
        async stream({ from }) {
          for (let answered = 0; !from.ended || answered < from.bodies.length; ) {
            await from.until(() => from.bodies.length > answered || from.ended);
            for (; answered < from.bodies.length; answered++)
              from.write(`re: ${textOf(from.bodies[answered])}`);
          }
          from.finish();
        },
      });
      const stream = (await dial(scope, server.address)).open('bidi');
      for (const [index, item] of items(50).entries()) {
        stream.write(item);
        await scope.eventually(() => stream.bodies.length > index);
      }
      stream.finish();
      await end(stream);
      assert.deepEqual(texts(stream), items(50, 're: item'));
    },
  },
  {
    name: 'bidirectional: both sides pour at once, and neither waits for the other',
    needs,
    async run(scope) {
      const server = await serve(scope, {
        async stream({ from }) {
          await from.writeAll(items(300, 'x'.repeat(4096)));
          await end(from);
          from.finish();
        },
      });
      const stream = (await dial(scope, server.address)).open('bidi');
      await stream.writeAll(items(300, 'y'.repeat(4096)));
      stream.finish();
      await end(stream);
      assert.equal(stream.bodies.length, 300);
      assert.equal(server.streams[0]?.from.bodies.length, 300);
      assert.deepEqual(texts(stream).slice(-1), items(300, 'x'.repeat(4096)).slice(-1));
    },
  },
  {
    name: 'the halves are independent: a client that has ended its own still gets all of the other',
    needs,
    async run(scope) {
      const server = await serve(scope, {
        async stream({ from }) {
          from.write('first');
          await end(from);
          await from.writeAll(items(100));
          from.finish();
        },
      });
      const stream = (await dial(scope, server.address)).open('bidi');
      await scope.eventually(() => stream.bodies.length === 1);
      stream.finish();
      await end(stream);
      assert.deepEqual(texts(stream), ['first', ...items(100)]);
    },
  },
  {
    name: 'carries messages of no byte and of many, text and bytes',
    needs,
    async run(scope) {
      const server = await serve(scope, {
        async stream({ from }) {
          await end(from);
          await from.writeAll(from.bodies);
          from.finish();
        },
      });
      const client = await dial(scope, server.address);
      for (const text of [true, false]) {
        const bodies = ['', 'x', '', 'é'.repeat(70_000), 'z'.repeat(2 ** 20), ''];
        const stream = client.open('bidi', { text });
        await stream.writeAll(text ? bodies : bodies.map((body) => new TextEncoder().encode(body)));
        stream.finish();
        await end(stream);
        assert.deepEqual(
          texts(stream).map(({ length }) => length),
          bodies.map(({ length }) => length),
        );
        assert.ok(texts(stream).every((body, index) => body === bodies[index]));
        for (const body of stream.bodies) assert.equal(typeof body === 'string', text);
      }
    },
  },
  {
    name: 'carries metadata and the deadline of a stream',
    needs,
    async run(scope) {
      const server = await serve(scope, { stream: ({ from }) => from.finish() });
      const client = await dial(scope, server.address);
      const bounded = client.open('bidi', { metadata: oddMetadata(), deadline: performance.now() + 5_000 });
      await end(bounded);
      const unbounded = client.open('bidi');
      await end(unbounded);
      const [first, second] = server.streams.map(({ incoming }) => incoming);
      assert.deepEqual(entries(first?.metadata ?? {}), entries(oddMetadata()));
      assert.ok(first !== undefined && first.remainingMs > 0 && first.remainingMs <= 5_001);
      assert.deepEqual([second?.remainingMs, entries(second?.metadata ?? {})], [0, []]);
    },
  },
  {
    name: 'carries 64 streams at once, with calls between them',
    needs,
    async run(scope) {
      const server = await serve(scope, {
        async stream({ from }) {
          await end(from);
          await from.writeAll(items(10, textOf(from.bodies[0])));
          from.finish();
        },
      });
      const client = await dial(scope, server.address);
      const streams = items(64, 'stream').map((name) => {
        const stream = client.open('server-stream');
        stream.write(name);
        stream.finish();
        return stream;
      });
      assert.equal(textOf(await client.call('a call')), 'a call');
      for (const [index, stream] of streams.entries()) {
        await end(stream);
        assert.deepEqual(texts(stream), items(10, `stream ${index}`));
      }
    },
  },
  {
    name: 'refuses streams by name when it has none',
    lacks: 'streams',
    async run(scope) {
      const client = await dial(scope, (await serve(scope)).address);
      for (const kind of ['client-stream', 'server-stream', 'bidi'] as const) {
        const stream = client.open(kind);
        await scope.eventually(() => stream.failure !== undefined);
        assert.equal(stream.failure?.error.code, 'unimplemented');
        assert.equal(stream.failure?.delivered, 'no');
        stream.write('after the end');
        stream.finish();
        stream.abort(new MicroError('canceled', 'left'));
      }
    },
  },
];
