import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from '@jest/globals';
import { ambient } from '../src/context.ts';
import {
  contract,
  type Metadata,
  type MicroClient,
  memoryBroker,
  memoryRegistry,
  rpc,
  type Service,
  type ServiceOptions,
  stream,
  topic,
  type,
} from '../src/index.ts';
import { client, deferred, later, network, service } from './fleet.ts';

const text = type<string>();
const Front = contract('front', 'Front', {
  one: rpc({ request: text, response: text }),
  feed: rpc({ request: text, response: stream(text) }),
  sum: rpc({ request: stream(text), response: text }),
  chat: rpc({ request: stream(text), response: stream(text) }),
});
const Back = contract('back', 'Back', { tenant: rpc({ request: text, response: text }) });
const News = topic('news', text);
const metadata = { tenant: 'ada' };
async function* list(...all: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* all;
}
async function gather(messages: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const message of messages) all += message;
  return all;
}

/** A service whose handlers ask another for the tenant and the deadline that it sees. */
async function fleet(options: Partial<ServiceOptions> = {}) {
  const around = network();
  const back = service({ ...around, name: 'back' });
  back.handle(Back, {
    tenant: (_, ctx) =>
      `${ctx.metadata.tenant ?? 'nobody'} ${ctx.deadline === undefined ? 'ever' : 'limited'}`,
  });
  await back.start();
  const front = service({ ...around, name: 'front', ...options });
  const inner = front.client.of(Back);
  const ask = (): Promise<string> => inner.tenant('', { timeoutMs: 0 });
  front.handle(Front, {
    one: ask,
    async *feed() {
      yield await ask();
      yield ' ';
      yield await ask();
    },
    async sum(messages) {
      for await (const _ of messages);
      return ask();
    },
    async *chat(messages) {
      for await (const _ of messages) yield await ask();
    },
  });
  await front.start();
  return { around, api: client(around).of(Front) };
}

describe('calls that a handler makes', () => {
  test('inherit metadata and deadline by themselves, in handlers of all four kinds', async () => {
    const { api } = await fleet();
    const options = { metadata, timeoutMs: 60_000 };
    expect(await api.one('', options)).toBe('ada limited');
    expect(await gather(api.feed('', options))).toBe('ada limited ada limited');
    expect(await api.sum(list('a', 'b'), options)).toBe('ada limited');
    expect(await gather(api.chat(list('a'), options))).toBe('ada limited');
    expect(await gather(api.feed('', { metadata }))).toBe('ada ever ada ever');
  });

  test('inherit behind middleware too', async () => {
    const { api } = await fleet({ middleware: [(_, next) => next()] });
    const options = { metadata, timeoutMs: 60_000 };
    expect(await api.one('', options)).toBe('ada limited');
    expect(await gather(api.feed('', options))).toBe('ada limited ada limited');
    expect(await gather(api.chat(list('a'), options))).toBe('ada limited');
  });

  test('inherit nothing with ambient: false', async () => {
    const { api } = await fleet({ ambient: false });
    const options = { metadata, timeoutMs: 60_000 };
    expect(await api.one('', options)).toBe('nobody ever');
    expect(await gather(api.feed('', options))).toBe('nobody ever nobody ever');
    expect(await gather(api.chat(list('a'), options))).toBe('nobody ever');
  });
});

describe('events that a handler publishes', () => {
  async function published(use: (made: Service) => MicroClient): Promise<Metadata> {
    ambient.on = false; // as in a process that has not yet made a client
    const around = network();
    const made = service({ ...around, name: 'front' });
    const seen = deferred<Metadata>();
    made.subscribe(News, (_, ctx) => seen.resolve(ctx.metadata));
    const publisher = use(made);
    made.handle(Back, {
      async tenant() {
        await publisher.publish(News, 'x');
        return '';
      },
    });
    await made.start();
    await client({ ...around, ambient: false }).call('front', 'Back.Tenant', '', { metadata });
    return seen.promise;
  }

  test("inherit metadata with the service's own client, though it was never used before", async () => {
    expect(await published((made) => made.client)).toEqual(metadata);
  });

  test('inherit metadata with a client of its own', async () => {
    const broker = memoryBroker({ network: 'ambient-test' });
    later(() => broker.close());
    const around = { ...network(), broker };
    ambient.on = false;
    const publisher = client(around);
    expect(ambient.on).toBe(true);
    const seen = deferred<Metadata>();
    const reader = service({ ...around, name: 'reader' });
    reader.subscribe(News, (_, ctx) => seen.resolve(ctx.metadata));
    await reader.start();
    await published((made) => ({
      ...made.client,
      publish: async (on, event, options) => {
        await publisher.publish(on, event, options);
        await made.client.publish(on, event, options);
      },
    }));
    expect(await seen.promise).toEqual(metadata);
  });

  test('inherit nothing with a client of ambient: false', async () => {
    const around = network();
    const reader = service({ ...around, name: 'reader' });
    const seen = deferred<Metadata>();
    reader.subscribe(News, (_, ctx) => seen.resolve(ctx.metadata));
    await reader.start();
    const plain = client({ ...around, ambient: false });
    await published(({ client: own }) => ({
      ...own,
      publish: async (on, event, options) => {
        await plain.publish(on, event, options);
        await own.publish(on, event, options);
      },
    }));
    expect(await seen.promise).toEqual({});
  });
});

describe("the application's own async contexts", () => {
  const store = new AsyncLocalStorage<string>();

  test('do not leak from callers and publishers into handlers of the same process', async () => {
    for (const ambient of [true, false]) {
      const around = { ...network(), ambient };
      const seen: (string | undefined)[] = [];
      const note = (): string => {
        seen.push(store.getStore());
        return '';
      };
      const made = service({ ...around, name: 'front' });
      made.handle(Front, {
        one: note,
        async *feed() {
          yield note();
        },
        sum: note,
        async *chat() {
          yield note();
        },
      });
      const heard = deferred();
      made.subscribe(News, () => {
        note();
        heard.resolve();
      });
      await made.start();
      const caller = client(around);
      const api = caller.of(Front);
      await new Promise(setImmediate); // what the start has scheduled is done: the broker's next turn is ours
      await store.run('mine', async () => {
        await api.one('');
        await gather(api.feed(''));
        await api.sum(list());
        await gather(api.chat(list()));
        await caller.publish(News, '');
        await heard.promise;
      });
      expect(seen).toEqual([undefined, undefined, undefined, undefined, undefined]);
    }
  });

  test('are kept in what the caller gives along, also when the registry answers late', async () => {
    const { around, api } = await fleet();
    expect(await api.sum(list('a'))).toBe('nobody ever');
    const answers = deferred();
    const registry = memoryRegistry((around.registry as { memory: object }).memory);
    later(() => registry.close());
    const slow = client({
      ...around,
      registry: {
        ...registry,
        async watch(name, changed, options) {
          await answers.promise;
          await registry.watch(name, changed, options);
        },
      },
    });
    const seen: (string | undefined)[] = [];
    async function* mine(): AsyncGenerator<string, void, undefined> {
      seen.push(store.getStore());
      yield 'a';
      seen.push(store.getStore());
    }
    const late = slow.of(Front);
    const first = store.run('first', () => late.sum(mine()));
    const second = store.run('second', () => late.sum(mine()));
    answers.resolve();
    await Promise.all([first, second]);
    expect(seen.sort()).toEqual(['first', 'first', 'second', 'second']);
  });
});
