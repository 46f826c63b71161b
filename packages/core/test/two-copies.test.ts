import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { deferred, later, network } from './fleet.ts';
import { bundle } from './peer-process.ts';
import { record, scriptedRegistry } from './scripted-registry.ts';
import { scriptedTransport } from './scripted-transport.ts';

type Core = typeof import('../src/index.ts') & Pick<typeof import('../src/ambient.ts'), 'currentContext'>;

let one: Core;
let two: Core;
// Two packages of the same code, as where an application and a plugin have each installed their own
beforeAll(async () => {
  const load = async (): Promise<Core> => {
    const folder = await bundle(
      new URL('../src/index.ts', import.meta.url),
      new URL('../src/ambient.ts', import.meta.url),
    );
    // One after another: jest cannot link two modules at once that share a chunk
    const index = await import(pathToFileURL(join(folder, 'index.mjs')).href);
    const ambient = await import(pathToFileURL(join(folder, 'ambient.mjs')).href);
    return { ...index, ...ambient };
  };
  one = await load();
  two = await load();
});

function text(core: Core) {
  const schema = core.type<string>();
  return core.rpc({ request: schema, response: schema });
}
function echo(core: Core, service = 'echo') {
  return core.contract(service, 'Echo', { say: text(core) });
}

describe('two copies of core in one process', () => {
  test('are two: what follows is not for nothing', () => {
    expect(one.MicroError).not.toBe(two.MicroError);
    expect(one.memoryRegistry).not.toBe(two.memoryRegistry);
  });

  test('share the table of plugins: what registers with one is chosen by the other, and refused as a second', () => {
    const registry = { ...one.memoryRegistry(), name: 'from one' };
    one.definePlugin('registry', 'core-test-one', { package: '@test/one', create: () => registry });
    expect(two.pluginNames('registry')).toEqual(['core-test-one', 'memory']);
    expect(two.createService({ name: 'x', env: {} }).plugin('registry')).toBe(registry);
    expect(() =>
      two.definePlugin('registry', 'core-test-one', { package: '@test/two', create: () => registry }),
    ).toThrow('registry "core-test-one" is claimed by @test/one and by @test/two');
    two.defineKind('core-test-loop', { fallback: 'a' });
    expect(one.kindNames()).toContain('core-test-loop');
  });

  test('find and call each other, and share events, in memory', async () => {
    const around = network();
    const made = one.createService({ name: 'echo', leaveMs: 0, ...around });
    made.handle(echo(two), { say: async (request) => request.toUpperCase() });
    const heard = deferred<string>();
    made.subscribe(one.topic('news', one.type<string>()), (event) => heard.resolve(event));
    later(() => made.stop());
    await made.start();
    const caller = two.createClient(around);
    later(() => caller.close());
    expect(await caller.of(echo(one)).say('x')).toBe('X');
    await caller.publish(two.topic('news', two.type<string>()), 'heard');
    expect(await heard.promise).toBe('heard');
  });

  test("know each other's errors, by code and without a cast", async () => {
    const error = new one.MicroError('conflict', 'taken');
    expect(two.isMicroError(error)).toBe(true);
    expect(two.isMicroError(error, 'conflict')).toBe(true);
    expect(two.isMicroError(error, 'internal')).toBe(false);
    expect(two.MicroError.from(error)).toBe(error);
    const around = network();
    const made = one.createService({ name: 'echo', leaveMs: 0, ...around });
    made.handle(echo(one), { say: () => Promise.reject(new two.MicroError('conflict', 'theirs')) });
    later(() => made.stop());
    await made.start();
    const caller = one.createClient(around);
    later(() => caller.close());
    await expect(caller.of(echo(one)).say('')).rejects.toMatchObject({ code: 'conflict', message: 'theirs' });
  });

  test('inherit from contexts that the other has made, and read its values', async () => {
    const around = network();
    const key = 'two-copies';
    const back = two.createService({ name: 'back', leaveMs: 0, ...around });
    back.handle(echo(two, 'back'), {
      say: async (_, ctx) => `${ctx.metadata.tenant} ${ctx.deadline === undefined}`,
    });
    const front = one.createService({
      ...{ name: 'echo', leaveMs: 0, ...around },
      middleware: [
        (call, next) => {
          call.set(two.contextKey<string>(key), 'set by two');
          return next();
        },
      ],
    });
    const caller = two.createClient({ ...around, timeoutMs: 0 });
    const seen: unknown[] = [];
    front.handle(echo(one), {
      async say(_, ctx) {
        seen.push(ctx.get(one.contextKey<string>(key)), two.currentContext() === ctx);
        return `${await caller.of(echo(two, 'back')).say('')} ${await caller.of(echo(two, 'back')).say('', { ctx })}`;
      },
    });
    later(() => front.stop());
    later(() => back.stop());
    later(() => caller.close());
    await back.start();
    await front.start();
    const outer = one.createClient(around);
    later(() => outer.close());
    expect(await outer.of(echo(one)).say('', { metadata: { tenant: 'ada' } })).toBe('ada false ada false');
    expect(seen).toEqual(['set by two', true]);
  });

  test('know the streams that the other has marked', async () => {
    const around = network();
    const schema = one.type<string>();
    const Feed = one.contract('feed', 'Feed', {
      read: one.rpc({ request: schema, response: one.stream(schema) }),
    });
    const made = one.createService({ name: 'feed', leaveMs: 0, ...around });
    made.handle(Feed, {
      async *read() {
        yield 'a';
        yield 'b';
      },
    });
    later(() => made.stop());
    await made.start();
    let passed = 0;
    const caller = one.createClient({
      ...around,
      clientMiddleware: [
        async (call, next) => {
          const reply = await next(call);
          return two.isStream(reply) ? two.tap(reply, () => passed++) : reply;
        },
      ],
    });
    later(() => caller.close());
    const seen: string[] = [];
    for await (const message of caller.of(Feed).read('')) seen.push(message);
    expect([seen, passed]).toEqual([['a', 'b'], 2]);
  });

  test('number their targets together, for a transport that serves clients of both', async () => {
    const registry = scriptedRegistry(() => [record('s', ['a'])]);
    const transport = scriptedTransport((call) => call.done('ok'));
    for (const core of [one, two, one]) {
      const caller = core.createClient({ registry, transport });
      later(() => caller.close());
      await caller.call('s', 'E.Do', '');
    }
    const indices = transport.dialled.flatMap(({ requests }) => requests.map(({ target }) => target.index));
    expect(indices).toHaveLength(3);
    expect(new Set(indices).size).toBe(3);
    expect(indices).not.toContain(0);
  });

  test('count what happens in the background together, and tell it once', async () => {
    const told: string[] = [];
    const stop = two.onBackground(({ event }) => told.push(event));
    const before = two.counters()['service.state'] ?? 0;
    await one.createService({ name: 'x', ...network() }).stop();
    stop();
    expect(told).toEqual(['service.state', 'service.state']);
    expect(two.counters()['service.state']).toBe(before + 2);
    expect(one.counters()).toEqual(two.counters());
  });
});
