import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  type Context,
  type Contract,
  contract,
  type IncomingCall,
  noMetadata,
  onBackground,
  rpc,
  stream,
  type,
} from '../src/index.ts';
import { Server } from '../src/server.ts';
import { client, deferred, later, network, service, still } from './fleet.ts';

const text = type<string>();
const Odd = contract('odd', 'Odd', {
  one: rpc({ request: text, response: text }),
  feed: rpc({ request: text, response: stream(text) }),
  chat: rpc({ request: stream(text), response: stream(text) }),
});
type Feed = (request: string, ctx: Context) => AsyncIterable<string>;
type Yes = (value: string) => void;
const unused = async (): Promise<string> => '';
async function* nothing(): AsyncGenerator<string, void, undefined> {}

/** A client of a service with these handlers; a sound call tells whether the service still works. */
async function world(handlers: {
  readonly one?: (request: string, ctx: Context) => string | Promise<string>;
  readonly feed?: Feed;
  readonly chat?: (requests: AsyncIterable<string>, ctx: Context) => AsyncIterable<string>;
}) {
  const around = network();
  const made = service({ ...around, name: 'odd', drainMs: 1_000 });
  made.handle(Odd, { one: unused, feed: nothing, chat: nothing, ...handlers });
  await made.start();
  return { api: client({ ...around, timeoutMs: 0 }).of(Odd), made };
}

describe('a handler', () => {
  test('that yields after its caller has left is ended, and what it yields goes nowhere', async () => {
    const waiting = deferred();
    let ended = false;
    let yielded = 0;
    const { api, made } = await world({
      async *feed() {
        try {
          yield 'first';
          await waiting.promise; // deaf to its signal
          for (;;) {
            yielded++;
            yield 'late';
          }
        } finally {
          ended = true;
        }
      },
    });
    for await (const message of api.feed('')) if (message === 'first') break;
    waiting.resolve();
    await eventually(() => ended);
    expect(yielded).toBeLessThanOrEqual(1);
    await made.stop();
  });

  test('that throws, or rejects, after its caller has left harms nobody', async () => {
    const waiting = deferred();
    let thrown = 0;
    const { api } = await world({
      async one() {
        await waiting.promise;
        thrown++;
        throw new Error('too late');
      },
      async *feed() {
        yield 'first';
        await waiting.promise;
        thrown++;
        throw new Error('too late');
      },
    });
    const leaving = new AbortController();
    const call = api.one('', { signal: leaving.signal });
    leaving.abort();
    await expect(call).rejects.toMatchObject({ code: 'canceled' });
    await expect(api.one('', { timeoutMs: 5 })).rejects.toMatchObject({ code: 'timeout' });
    for await (const _ of api.feed('')) break;
    waiting.resolve();
    await eventually(() => thrown >= 2);
    await still(() => thrown);
  });

  test('that never settles is ended for its caller by deadline, signal or drainMs', async () => {
    const { api, made } = await world({ one: () => new Promise(() => undefined) });
    await expect(api.one('', { timeoutMs: 5 })).rejects.toMatchObject({ code: 'timeout' });
    await expect(api.one('', { signal: AbortSignal.timeout(5) })).rejects.toMatchObject({ code: 'canceled' });
    const last = api.one('', { retries: 0 }).catch((error: unknown) => error);
    await made.stop();
    expect(await last).toMatchObject({ code: 'unavailable', delivered: 'maybe' });
  });

  test('whose stream never ends by itself ends with its deadline, whatever its cleanup does', async () => {
    const { api } = await world({
      async *feed() {
        try {
          yield 'first';
          await new Promise(() => undefined);
        } finally {
          yield 'in the cleanup';
        }
      },
      chat: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => undefined),
          return: () => Promise.reject(new Error('cannot be left')),
        }),
      }),
    });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const message of api.feed('', { timeoutMs: 20 })) seen.push(message);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'timeout' });
    expect(seen).toEqual(['first']);
    const chat = api.chat(nothing(), { timeoutMs: 20 })[Symbol.asyncIterator]();
    await expect(chat.next()).rejects.toMatchObject({ code: 'timeout' });
  });

  test.each([
    ['settles twice', (yes: Yes, no: (error: unknown) => void) => ['a', 'b'].forEach(yes) ?? no('c')],
    [
      'throws after it has settled',
      (yes: Yes) => {
        yes('a');
        throw new Error('late');
      },
    ],
  ])('whose promise %s is taken at its first word', async (_, then) => {
    const thenable: Promise<string> = Object.defineProperty(Object.create(null), 'then', { value: then });
    const { api } = await world({ one: () => thenable });
    expect(await api.one('')).toBe('a');
    expect(await api.one('')).toBe('a');
  });

  test.each([
    ['no iterable', () => 'text'],
    ['nothing', () => undefined],
    [
      'an iterable whose iterator throws',
      () => ({
        [Symbol.asyncIterator]: () => {
          throw new Error('secret');
        },
      }),
    ],
    ['an iterator without next', () => ({ [Symbol.asyncIterator]: () => ({}) })],
    ['a rejected promise', () => Promise.reject(new Error('secret'))],
  ])('of a stream that gives %s fails that stream alone', async (_, give) => {
    const { api } = await world({ feed: give as unknown as Feed, one: (request) => request });
    const reading = (async () => {
      for await (const _message of api.feed(''));
    })();
    const error: unknown = await reading.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'internal' });
    expect(String(error)).not.toContain('secret');
    expect(await api.one('still here')).toBe('still here');
  });
});

test('a caller that sends requests without end where one is due is refused at the second', async () => {
  const { made } = await world({});
  async function* endless(): AsyncGenerator<string, void, undefined> {
    for (;;) yield '1';
  }
  const reading = (async () => {
    for await (const _ of made.client.stream('odd', 'Odd.Feed', endless()));
  })();
  await expect(reading).rejects.toMatchObject({
    code: 'bad_request',
    message: 'the caller sent more than one message where one is due',
  });
});

test('a transport that throws where it must not loses its own call, and no other', async () => {
  const server = new Server({
    ...{ name: 'odd', maxInFlight: 10, middleware: [], ambient: false },
    ...{ codecs: () => new Map(), values: () => true, replyMetadata: () => true },
  });
  server.routes.add(Odd as unknown as Contract<object>, { one: unused, feed: nothing, chat: nothing });
  const route = server.route('odd', 'Odd.One', '');
  const answered: number[] = [];
  const told: unknown[] = [];
  const stop = onBackground(({ error }) => told.push(error));
  later(async () => stop());
  const incoming = (n: number): IncomingCall => ({
    ...{ body: '', remainingMs: 0, metadata: noMetadata, peer: { address: 'here' } },
    reply: () => void answered.push(n),
    fail: () => {
      throw new Error('from the transport');
    },
  });
  for (const n of [1, 2, 3]) server.call(n === 2 ? server.route('odd', 'Odd.Nope', '') : route, incoming(n));
  await eventually(() => answered.length === 2);
  expect(told).toEqual([new Error('from the transport')]);
  server.call(route, incoming(4));
  await eventually(() => answered.length === 3);
  expect(answered).toEqual([1, 3, 4]);
});
