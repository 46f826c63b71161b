import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import '../src/ambient.ts';
import { type Context, contract, isMicroError, type MicroClient, rpc, stream, type } from '../src/index.ts';
import { deferred, client as makeClient, network, service } from './fleet.ts';
import { record, scriptedRegistry } from './scripted-registry.ts';
import { scriptedTransport } from './scripted-transport.ts';

const Work = contract('work', 'Work', {
  hang: rpc({ request: type<string>(), response: type<string>() }),
  tell: rpc({ request: type<string>(), response: type<string>() }),
  watch: rpc({ request: type<string>(), response: stream(type<string>()) }),
});
const Front = contract('front', 'Front', {
  go: rpc({ request: type<string>(), response: type<string>() }),
});

type Told = { readonly ctx: Context; readonly request: string };

async function world(
  front?: (request: string, ctx: Context, client: MicroClient) => Promise<string>,
  options: { readonly ambient?: boolean } = {},
): Promise<{ client: MicroClient; seen: Told[] }> {
  const around = network();
  const seen: Told[] = [];
  const work = service({ ...around, name: 'work' });
  work.handle(Work, {
    async hang(request, ctx) {
      seen.push({ ctx, request });
      await new Promise(() => undefined);
      return 'never';
    },
    async tell(request, ctx) {
      seen.push({ ctx, request });
      return JSON.stringify(ctx.metadata);
    },
    async *watch(request, ctx) {
      seen.push({ ctx, request });
      yield 'first';
      await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    },
  });
  await work.start();
  if (front !== undefined) {
    const asks = service({ ...around, name: 'front', ...options });
    asks.handle(Front, { go: (request, ctx) => front(request, ctx, asks.client) });
    await asks.start();
  }
  return { client: makeClient(around), seen };
}

describe('deadlines', () => {
  test('a handler that never settles ends for its caller at the deadline', async () => {
    const { client, seen } = await world();
    await expect(client.of(Work).hang('x', { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'timeout',
      status: 408,
      message: 'no reply from work Work.Hang before the deadline',
    });
    await eventually(() => seen[0]?.ctx.cancelled === true);
  });

  test('timeoutMs: 0 waits for ever, and so does Infinity', async () => {
    const { client, seen } = await world();
    const calls = [0, Number.POSITIVE_INFINITY].map((timeoutMs) => {
      const controller = new AbortController();
      const reply = client.of(Work).hang('x', { timeoutMs, signal: controller.signal });
      return { controller, reply };
    });
    await eventually(() => seen.length === 2);
    for (const { ctx } of seen) expect(ctx.deadline).toBeUndefined();
    for (const { controller, reply } of calls) {
      controller.abort();
      await expect(reply).rejects.toMatchObject({ code: 'canceled' });
    }
  });

  test('a deadline further off than a timer reaches is no busy loop', async () => {
    const { client } = await world();
    const controller = new AbortController();
    const reply = client.of(Work).hang('x', { timeoutMs: 2 ** 40, signal: controller.signal });
    const before = process.cpuUsage();
    let turns = 0;
    await eventually(() => ++turns > 8);
    expect(process.cpuUsage(before).user).toBeLessThan(150_000);
    controller.abort();
    await expect(reply).rejects.toMatchObject({ code: 'canceled' });
  });

  test('a time that is over already is a timeout, and NaN is refused', async () => {
    const { client, seen } = await world();
    for (const timeoutMs of [-1, -1e9, Number.NEGATIVE_INFINITY, -performance.now()])
      await expect(client.of(Work).tell('x', { timeoutMs })).rejects.toMatchObject({ code: 'timeout' });
    await expect(client.of(Work).tell('x', { timeoutMs: Number.NaN })).rejects.toMatchObject({
      code: 'bad_request',
    });
    expect(seen).toEqual([]);
  });

  test('nested calls inherit the deadline by themselves and through ctx, and cannot stretch it', async () => {
    const start = performance.now();
    for (const way of ['ambient', 'ctx']) {
      let outer = 0;
      const { client, seen } = await world(
        async (_, ctx, inner) => {
          outer = ctx.deadline ?? 0;
          const options = way === 'ctx' ? { ctx, timeoutMs: 600_000 } : { timeoutMs: 600_000 };
          await inner.of(Work).tell('x', options);
          await inner.of(Work).tell('x', { ...options, timeoutMs: 10_000 });
          return inner.of(Work).hang('x', { ...options, timeoutMs: 0 });
        },
        { ambient: way === 'ambient' },
      );
      const controller = new AbortController();
      const going = client.of(Front).go('x', { timeoutMs: 60_000, signal: controller.signal });
      await eventually(() => seen.length === 3);
      const end = performance.now();
      controller.abort();
      await expect(going).rejects.toMatchObject({ code: 'canceled' });
      expect(outer).toBeGreaterThanOrEqual(start + 60_000 - 1);
      expect(outer).toBeLessThanOrEqual(end + 60_000);
      // what is left is told in ms, and begins to count where it arrives: later by no more than the way took
      const [long = 0, short = 0, none = 0] = seen.map(({ ctx }) => ctx.deadline ?? 0);
      for (const inherited of [long, none]) {
        expect(inherited).toBeGreaterThanOrEqual(outer - 1);
        expect(inherited).toBeLessThanOrEqual(outer + (end - start) + 1);
      }
      expect(short).toBeLessThanOrEqual(end + 10_000);
    }
  });

  test('the deadline that a nested call has inherited ends it', async () => {
    const { client } = await world((_, __, inner) => inner.of(Work).hang('x', { timeoutMs: 0 }));
    await expect(client.of(Front).go('x', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timeout' });
  });

  test('work whose deadline has passed never reaches its handler', async () => {
    const { client, seen } = await world(async (_, ctx, inner) => {
      const end = ctx.deadline ?? 0;
      await eventually(() => performance.now() > end);
      const late = await inner
        .of(Work)
        .tell('late', { ctx })
        .catch((error: unknown) => error);
      if (!isMicroError(late)) seen.length = 99;
      throw late;
    });
    await expect(client.of(Front).go('x', { timeoutMs: 30 })).rejects.toMatchObject({ code: 'timeout' });
    await eventually(() => true);
    expect(seen).toEqual([]);
  });

  test('a stream has no deadline unless it is given one, which then ends it on both sides', async () => {
    const { client, seen } = await world();
    const got: string[] = [];
    const reading = (async () => {
      for await (const message of client.of(Work).watch('x', { timeoutMs: 300 })) got.push(message);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'timeout' });
    expect(got).toEqual(['first']);
    await eventually(() => seen[0]?.ctx.signal.aborted === true);
    const endless = client.of(Work).watch('y')[Symbol.asyncIterator]();
    await endless.next();
    expect(seen[1]?.ctx.deadline).toBeUndefined();
    await endless.return?.();
    await eventually(() => seen[1]?.ctx.signal.aborted === true);
  });

  test('one deadline that ends badly does not hold up the others', async () => {
    const { client } = await world();
    const transport = scriptedTransport(() => undefined, {
      open: () => ({ write: () => true, end() {}, abort() {}, pause() {}, resume() {} }),
    });
    const registry = scriptedRegistry(() => [record('s', ['a'])]);
    const streams = makeClient({ transport, registry });
    const requests: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return() {
          throw new Error('cannot even return');
        },
      }),
    };
    const bad = streams.stream('s', 'S.T', requests, { timeoutMs: 20 })[Symbol.asyncIterator]().next();
    const good = client.of(Work).hang('x', { timeoutMs: 20 });
    await expect(bad).rejects.toMatchObject({ code: 'timeout' });
    await expect(good).rejects.toMatchObject({ code: 'timeout' });
  });
});

describe('cancel', () => {
  test('a signal that is aborted before the call sends nothing', async () => {
    const { client, seen } = await world();
    const signal = AbortSignal.abort(new Error('no'));
    await expect(client.of(Work).tell('x', { signal })).rejects.toMatchObject({
      code: 'canceled',
      status: 499,
      cause: { message: 'no' },
    });
    expect(seen).toEqual([]);
  });

  test('a signal that aborts during the call ends it, and the handler is told', async () => {
    const { client, seen } = await world();
    const controller = new AbortController();
    const reply = client.of(Work).hang('x', { signal: controller.signal });
    await eventually(() => seen.length === 1);
    const ctx = seen[0]?.ctx;
    expect(ctx?.signal.aborted).toBe(false);
    controller.abort();
    await expect(reply).rejects.toMatchObject({ code: 'canceled' });
    await eventually(() => ctx?.signal.aborted === true && ctx.cancelled);
  });

  test('a signal that aborts after the call changes nothing, and nobody listens on it any more', async () => {
    const { client } = await world();
    const controller = new AbortController();
    await client.of(Work).tell('x', { signal: controller.signal });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    controller.abort();
  });

  test('a caller that leaves ends what the handler has called, even where nobody reads a signal', async () => {
    const nested = deferred<unknown>();
    const { client, seen } = await world((_, __, inner) => {
      const reply = inner.of(Work).hang('x');
      reply.catch((error: unknown) => nested.resolve(error));
      return reply;
    });
    const controller = new AbortController();
    const reply = client.of(Front).go('x', { signal: controller.signal });
    await eventually(() => seen.length === 1);
    controller.abort();
    await expect(reply).rejects.toMatchObject({ code: 'canceled' });
    await expect(nested.promise).resolves.toMatchObject({ code: 'canceled' });
    await eventually(() => seen[0]?.ctx.cancelled === true);
  });

  test('what a handler begins after its caller has left is refused at once', async () => {
    const outcome = deferred<unknown>();
    const { client, seen } = await world(async (_, ctx, inner) => {
      await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
      await inner.of(Work).tell('x').catch(outcome.resolve);
      return '';
    });
    const controller = new AbortController();
    const reply = client.of(Front).go('x', { signal: controller.signal });
    queueMicrotask(() => setImmediate(() => controller.abort()));
    await expect(reply).rejects.toMatchObject({ code: 'canceled' });
    await expect(outcome.promise).resolves.toMatchObject({ code: 'canceled' });
    expect(seen).toEqual([]);
  });
});

describe('ambient: false', () => {
  test('of a service: its handlers run in no context', async () => {
    const { client } = await world((_, __, inner) => inner.of(Work).tell('x'), { ambient: false });
    expect(await client.of(Front).go('x', { metadata: { tenant: 'a' } })).toBe('{}');
  });

  test('of a client: it does not inherit the context of the handler that it is called in', async () => {
    const around = network();
    const aloof = makeClient({ ...around, ambient: false });
    const work = service({ ...around, name: 'work' });
    work.handle(Work, {
      tell: async (request, ctx) =>
        request === 'outer' ? aloof.of(Work).tell('inner') : JSON.stringify(ctx.metadata),
      hang: async () => '',
      async *watch() {},
    });
    await work.start();
    expect(
      await makeClient(around)
        .of(Work)
        .tell('outer', { metadata: { tenant: 'a' } }),
    ).toBe('{}');
  });
});
