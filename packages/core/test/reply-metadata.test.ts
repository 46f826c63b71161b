import { describe, expect, test } from '@jest/globals';
import {
  type BackgroundMessage,
  type CallOptions,
  contract,
  type Metadata,
  MicroError,
  type Middleware,
  memoryTransport,
  onBackground,
  rpc,
  type ServiceOptions,
  stream,
  topic,
  type,
} from '../src/index.ts';
import { client, deferred, later, network, service } from './fleet.ts';

const text = type<string>();
const Shop = contract('shop', 'Shop', {
  buy: rpc({ request: text, response: text }),
  feed: rpc({ request: text, response: stream(text) }),
  sum: rpc({ request: stream(text), response: text }),
});
const Sold = topic('sold', text);

/** Options of a call, and what it was given. */
function listening(): { readonly options: CallOptions; readonly told: (readonly [string, Metadata])[] } {
  const told: (readonly [string, Metadata])[] = [];
  return {
    told,
    options: {
      onHeader: (metadata) => told.push(['header', { ...metadata }]),
      onTrailer: (metadata) => told.push(['trailer', { ...metadata }]),
    },
  };
}

async function gather(messages: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const message of messages) all += message;
  return all;
}

async function world(
  options: Partial<ServiceOptions> = {},
  { ...around }: ReturnType<typeof network> = network(),
) {
  const made = service({ ...around, name: 'shop', ...options });
  const late = deferred<unknown>();
  made.handle(Shop, {
    buy(item, { reply }) {
      reply.setHeader({ 'X-Cost': '1' });
      reply.setHeader({ place: item });
      reply.setTrailer({ took: '5' });
      if (item === 'nothing') throw new MicroError('conflict', 'sold out');
      if (item === 'nobody') throw new Error('a bug');
      return item;
    },
    async *feed(item, { reply }) {
      reply.setHeader({ item });
      yield 'a';
      try {
        reply.setHeader({ late: 'yes' });
      } catch (error) {
        late.resolve(error);
      }
      yield 'b';
      reply.setTrailer({ count: '2' });
      if (item === 'nothing') throw new MicroError('conflict', 'sold out');
    },
    async sum(items, { reply }) {
      const all = await gather(items);
      reply.setTrailer({ length: String(all.length) });
      return all;
    },
  });
  await made.start();
  return { late, made, around, shop: client(around).of(Shop) };
}

const bought = [
  ['header', { 'x-cost': '1', place: 'tea' }],
  ['trailer', { took: '5' }],
];

describe('metadata of an answer', () => {
  test('a handler sets it, and the caller is given it before the reply', async () => {
    const { shop } = await world();
    const { options, told } = listening();
    await shop.buy('tea', options).then(() => told.push(['reply', {}]));
    expect(told).toEqual([...bought, ['reply', {}]]);
    expect(await shop.buy('tea')).toBe('tea');
  });

  test('it comes with an error too, whoever threw what', async () => {
    const { shop } = await world();
    for (const item of ['nothing', 'nobody']) {
      const { options, told } = listening();
      await expect(shop.buy(item, options)).rejects.toBeInstanceOf(Error);
      expect(told).toEqual([
        ['header', { 'x-cost': '1', place: item }],
        ['trailer', { took: '5' }],
      ]);
    }
  });

  test('of a stream the header comes before the first message, the trailer with the end, also of an error', async () => {
    const { shop, late } = await world();
    for (const item of ['tea', 'nothing']) {
      const { options, told } = listening();
      const messages: string[] = [];
      const reading = (async () => {
        for await (const message of shop.feed(item, options)) {
          expect(told[0]).toEqual(['header', { item }]);
          messages.push(message);
        }
      })();
      if (item === 'tea') await reading;
      else await expect(reading).rejects.toMatchObject({ code: 'conflict' });
      expect(messages).toEqual(['a', 'b']);
      expect(told[1]).toEqual(['trailer', { count: '2' }]);
    }
    await expect(late.promise).resolves.toMatchObject({ code: 'bad_request' });
    const { options, told } = listening();
    expect(
      await shop.sum(
        (async function* () {
          yield 'abc';
        })(),
        options,
      ),
    ).toBe('abc');
    expect(told).toEqual([['trailer', { length: '3' }]]);
  });

  test('keys named like prototypes are only keys', async () => {
    const around = network();
    const made = service({ ...around, name: 'shop' });
    made.handle(Shop, {
      buy(item, { reply }) {
        reply.setHeader(JSON.parse('{"__proto__":"x","constructor":"y"}'));
        return item;
      },
      async *feed() {
        yield '';
      },
      sum: gather,
    });
    await made.start();
    let seen: Metadata = {};
    const { shop } = { shop: client(around).of(Shop) };
    await shop.buy('tea', {
      onHeader: (metadata) => {
        seen = metadata;
      },
    });
    expect(Object.entries(seen)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(seen)).toBe(null);
  });

  test('middleware of the server reads and adds to it, middleware of the client reads it', async () => {
    const seen: unknown[] = [];
    const adding: Middleware = async (call, next) => {
      const reply = await next();
      if (call.kind === 'event') return reply;
      seen.push({ ...call.reply.header });
      call.reply.setTrailer({ added: 'yes' });
      return reply;
    };
    const reading: Middleware = async (call, next) => {
      const reply = await next();
      if (call.kind !== 'event') seen.push({ ...call.reply.trailer });
      return reply;
    };
    const { around } = await world({ middleware: [adding] });
    const caller = service({ ...around, name: 'caller', clientMiddleware: [reading] });
    await caller.start();
    const shop = caller.client.of(Shop);
    const { options, told } = listening();
    await shop.buy('tea', options);
    expect(seen).toEqual([
      { 'x-cost': '1', place: 'tea' },
      { took: '5', added: 'yes' },
    ]);
    expect(told).toEqual([bought[0], ['trailer', { took: '5', added: 'yes' }]]);
  });

  test("what the caller's own function throws ends the call", async () => {
    const { shop } = await world();
    const failure = new Error('mine');
    const fail = (): void => {
      throw failure;
    };
    await expect(shop.buy('tea', { onHeader: fail })).rejects.toBe(failure);
    await expect(shop.buy('nothing', { onTrailer: fail })).rejects.toBe(failure);
    await expect(gather(shop.feed('tea', { onTrailer: fail }))).rejects.toBe(failure);
    await expect(gather(shop.feed('tea', { onHeader: fail }))).rejects.toMatchObject({ message: 'mine' });
    expect(await shop.buy('tea')).toBe('tea');
  });

  test('a transport that carries none: that is reported once, and calls go on', async () => {
    const around = network();
    const warnings: BackgroundMessage[] = [];
    later(
      onBackground((message) => message.event === 'plugin.warning' && warnings.push(message)) as () => never,
    );
    const inner = memoryTransport({ network: 'reply-metadata-none' });
    const transport = { ...inner, features: new Set(['streams', 'cancel'] as const) };
    const { shop } = await world({ transport }, { ...around, transport });
    const { options, told } = listening();
    expect(await shop.buy('tea', options)).toBe('tea');
    await expect(shop.buy('nothing', options)).rejects.toMatchObject({ code: 'conflict' });
    expect(await gather(shop.feed('tea', options))).toBe('ab');
    expect(told).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.subject).toContain('reply metadata');
  });

  test('an event has no reply', async () => {
    const around = network();
    const made = service({ ...around, name: 'shop' });
    const failed = deferred<unknown>();
    made.subscribe(Sold, (_, ctx) => {
      try {
        ctx.reply.setHeader({ a: 'b' });
      } catch (error) {
        failed.resolve(error);
      }
    });
    await made.start();
    await client(around).publish(Sold, 'tea');
    await expect(failed.promise).resolves.toMatchObject({ code: 'unimplemented' });
  });
});
