import { describe, expect, test } from '@jest/globals';
import { type Contract, contract, type EndpointRecord, rpc, stream, type } from '../src/index.ts';
import { Generated, WithArktype, WithTypes, WithValibot, WithZod } from './contracts.ts';
import { client, network, service } from './fleet.ts';

const libraries = [
  ['zod', WithZod],
  ['valibot', WithValibot],
  // The types of the three are compared in contract-types.test.ts; here one stands for all
  ['arktype', WithArktype],
] as unknown as readonly (readonly [string, typeof WithZod])[];

async function* list<T>(...all: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* all;
}
async function gather<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

describe.each(libraries)('a contract made with %s', (_, Shop) => {
  async function shop() {
    const around = network();
    const seen: unknown[] = [];
    const made = service({ ...around, name: 'shop' });
    made.handle(Shop, {
      order(request) {
        seen.push(request);
        return { id: request.item === 'bad reply' ? (JSON.parse('"one"') as number) : 7 };
      },
      async *watch({ id }) {
        for (let n = 0; n < id; n++) yield { state: n === 3 ? (JSON.parse('3') as string) : String(n) };
      },
      async total(prices) {
        let sum = 0;
        for await (const { price } of prices) sum += price;
        return { sum };
      },
      async *chat(messages) {
        for await (const { say } of messages) yield say.toUpperCase();
      },
    });
    await made.start();
    const caller = client({ ...around, retries: 0 });
    return { api: caller.of(Shop), caller, seen };
  }

  test('hands the handler what its schema makes of the request', async () => {
    const { api, seen } = await shop();
    expect(await api.order({ item: 'pen', due: '2026-01-02T00:00:00Z' })).toEqual({ id: 7 });
    expect(seen).toEqual([{ item: 'pen', count: 1, due: new Date('2026-01-02T00:00:00Z') }]);
  });

  test.each([
    [{ item: 'pen', count: 'many', due: '2026-01-02T00:00:00Z' }, 'count'],
    [{ item: '', due: '2026-01-02T00:00:00Z' }, 'item'],
    [{ item: 'pen' }, 'due'],
    [null, ''],
    ['text', ''],
    [undefined, ''],
  ])('refuses %j before the handler, and says where', async (request, where) => {
    const { caller, seen } = await shop();
    await expect(caller.call('shop', 'Shop.Order', request)).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringMatching(`^the request of Shop.Order is not valid: .*${where}`),
      delivered: 'yes',
    });
    expect(seen).toEqual([]);
  });

  test('refuses a reply that is not what was agreed', async () => {
    const { api } = await shop();
    await expect(api.order({ item: 'bad reply', due: '2026-01-02T00:00:00Z' })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringMatching('^the reply of shop Shop.Order is not valid: .*id'),
    });
  });

  test('checks every message of a stream, on both sides', async () => {
    const { api, caller } = await shop();
    expect(await gather(api.watch({ id: 2 }))).toEqual([{ state: '0' }, { state: '1' }]);
    const states: string[] = [];
    const reading = (async () => {
      for await (const { state } of api.watch({ id: 5 })) states.push(state);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'bad_request' });
    expect(states).toEqual(['0', '1', '2']);
    expect(await api.total(list({ price: 1 }, { price: 2 }))).toEqual({ sum: 3 });
    const wrong = caller.stream('shop', 'Shop.Total', list({ price: 1 }, { price: 'free' }));
    await expect(gather(wrong)).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('the request of Shop.Total is not valid'),
    });
    expect(await gather(api.chat(list({ say: 'a' }, { say: 'b' })))).toEqual(['A', 'B']);
  });
});

describe('a contract of plain types', () => {
  test('checks nothing: whatever comes reaches the handler', async () => {
    const around = network();
    const made = service({ ...around, name: 'shop' });
    const seen: unknown[] = [];
    made.handle(WithTypes, {
      order: (request) => {
        seen.push(request);
        return { id: 1 };
      },
      async *watch() {},
      total: () => ({ sum: 0 }),
      async *chat() {},
    });
    await made.start();
    await client(around).call('shop', 'Shop.Order', 17);
    expect(seen).toEqual([17]);
  });
});

describe('a generated contract', () => {
  test('is served and called with its own schemas, whose errors keep their code', async () => {
    const around = network();
    const made = service({ ...around, name: 'shop' });
    made.handle(Generated, {
      order: ({ item }) => ({ id: item.length }),
      async *watch({ item }) {
        for (const id of item.split('').map(Number)) yield { id };
      },
    });
    await made.start();
    const caller = client(around);
    const api = caller.of(Generated);
    expect(await api.order({ item: 'four' })).toEqual({ id: 4 });
    expect(await gather(api.watch({ item: '12' }))).toEqual([{ id: 1 }, { id: 2 }]);
    await expect(caller.call('shop', 'Shop.Order', {})).rejects.toMatchObject({
      code: 'bad_request',
      message: 'the request of Shop.Order is not valid: item: not the message',
    });
    await expect(api.order({ item: 'thrown' })).rejects.toMatchObject({
      code: 'conflict',
      message: 'by the schema',
    });
  });
});

describe('what the registry is told of an endpoint', () => {
  async function described(Shop: typeof WithZod): Promise<EndpointRecord | undefined> {
    const around = network();
    const made = service({ ...around, name: 'shop' });
    made.handle(Shop as unknown as Contract<object>, {
      order: () => ({}),
      watch: () => [],
      total: () => ({}),
      chat: () => [],
    });
    await made.start();
    const [record] = await made.plugin('registry').getService('shop');
    expect(record?.endpoints.map(({ name, metadata }) => [name, metadata.stream])).toEqual([
      ['Shop.Chat', 'true'],
      ['Shop.Order', undefined],
      ['Shop.Total', 'true'],
      ['Shop.Watch', 'true'],
    ]);
    return record?.endpoints.find(({ name }) => name === 'Shop.Order');
  }
  test("with an endpoint's own metadata, which do not replace what core says of it", async () => {
    const text = type<string>();
    const Shop = contract('shop', 'Shop', {
      find: rpc({ request: text, response: text, metadata: { method: 'GET', path: '/shop/{name}' } }),
      watch: rpc({
        request: text,
        response: stream(text),
        doc: 'Looks.',
        metadata: { stream: 'no', description: '-' },
      }),
    });
    const made = service({ ...network(), name: 'shop' });
    made.handle(Shop, { find: (name) => name, async *watch() {} });
    await made.start();
    const [record] = await made.plugin('registry').getService('shop');
    expect(record?.endpoints.map(({ metadata }) => metadata)).toEqual([
      { method: 'GET', path: '/shop/{name}' },
      { stream: 'true', description: 'Looks.' },
    ]);
  });

  const leaf = (name: string, type: string) => ({ name, type, values: null });

  test('with zod the fields and their Go types', async () => {
    expect(await described(WithZod)).toMatchObject({
      request: {
        name: 'OrderRequest',
        type: 'OrderRequest',
        values: [leaf('item', 'string'), leaf('count', 'float64'), leaf('due', 'string')],
      },
      response: { name: 'OrderResponse', values: [leaf('id', 'float64')] },
    });
  });

  test('with arktype the same, in its own order', async () => {
    const Shop = libraries[2]?.[1] ?? WithZod;
    const { request } = (await described(Shop)) ?? { request: null };
    const fields = [...(request?.values ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(fields).toEqual([leaf('count', 'float64'), leaf('due', 'string'), leaf('item', 'string')]);
  });

  test('with valibot, which has no JSON Schema, the names alone', async () => {
    const Shop = libraries[1]?.[1] ?? WithZod;
    expect(await described(Shop)).toMatchObject({
      request: leaf('OrderRequest', 'OrderRequest'),
      response: leaf('OrderResponse', 'OrderResponse'),
    });
  });
});
