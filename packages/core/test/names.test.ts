import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contract, createService, isMicroError, mergeMetadata, noMetadata, rpc, type } from '../src/index.ts';
import { client, network, service } from './fleet.ts';

const text = type<string>();
const echo = rpc({ request: text, response: text });

describe('names', () => {
  test.each([
    'a.b.c',
    'a/b',
    'with space',
    '__proto__',
    'constructor',
    'x'.repeat(300),
    'ü☃',
    'a\nb',
    '..',
    '%2e',
  ])('a service may be called %j', async (name) => {
    const around = network();
    const made = service({ ...around, name });
    made.handle(contract(name, 'Echo', { say: echo }), { say: async (request) => request });
    await made.start();
    const calls = client(around);
    expect(await calls.of(contract(name, 'Echo', { say: echo })).say('x')).toBe('x');
    expect(await calls.call(name, 'Echo.Say', 'y')).toBe('y');
  });

  test.each(['__proto__', 'constructor', 'toString', 'with space', 'a/b', 'x'.repeat(300)])(
    'an endpoint may be called %j',
    async (key) => {
      const around = network();
      const endpoints = Object.fromEntries([[key, echo]]);
      const handlers = Object.fromEntries([[key, async (request: string) => request]]);
      const made = service({ ...around, name: 'echo' });
      made.handle(contract('echo', 'Echo', endpoints), handlers);
      await made.start();
      const api = client(around).of(contract('echo', 'Echo', endpoints));
      expect(Object.keys(api)).toEqual([key]);
      expect(await api[key]?.('x')).toBe('x');
      expect(Object.getPrototypeOf(api)).toBe(Object.prototype);
    },
  );

  test('names that join to the same text are not taken for one another', async () => {
    const around = network();
    for (const name of ['a', 'a\nb', 'a b']) {
      const made = service({ ...around, name });
      made.handle(contract(name, 'c', { d: echo }), { d: async () => name });
      await made.start();
    }
    const calls = client({ ...around, retries: 0 });
    expect(await calls.call('a\nb', 'c.D', '')).toBe('a\nb');
    await expect(calls.call('a', 'b\nc.D', '')).rejects.toMatchObject({ code: 'not_found' });
    expect(await calls.call('a b', 'c.D', '')).toBe('a b');
    await expect(calls.call('a', 'b c.D', '')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('contracts refuse what go-micro cannot route', () => {
    for (const make of [
      () => contract('', 'Echo', { say: echo }),
      () => contract('s', 'a.b', { say: echo }),
      () => contract('s', 'Echo', { 'a.b': echo }),
      () => contract('s', 'Echo', { say: echo, Say: echo }),
    ])
      expect(make).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  test('a handler that is missing, or there twice, is refused before the start', () => {
    const made = createService({ name: 's', env: {} });
    const Echo = contract('s', 'Echo', { say: echo, other: echo });
    const handlers = { say: async () => '', other: async () => '' };
    expect(() => made.handle(Echo, JSON.parse('{}'))).toThrow('no handler for Echo.Say');
    made.handle(Echo, handlers);
    expect(() => made.handle(Echo, handlers)).toThrow('Echo.Say has a handler already');
  });

  test('whatever is asked for, an endpoint that is not there is told so', async () => {
    const around = network();
    const made = service({ ...around, name: 's' });
    made.handle(contract('s', 'Echo', { say: echo }), { say: async () => '' });
    await made.start();
    const calls = client(around);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (name) => {
        if (name === 'Echo.Say') return;
        const error = await calls.call('s', name, '').catch((thrown: unknown) => thrown);
        expect(isMicroError(error, 'not_found')).toBe(true);
      }),
    );
  });
});

describe('metadata', () => {
  test('joins both sides in lower case, the second wins, any key is safe', () => {
    const first = JSON.parse('{"A":"1","b":"1","__proto__":"p"}');
    const merged = mergeMetadata(first, { B: '2', Constructor: 'c' });
    expect(Object.entries(merged)).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ]);
    expect(Object.getPrototypeOf(merged)).toBeNull();
    expect(mergeMetadata(undefined, undefined)).toEqual(noMetadata);
  });

  test('reaches the handler and the calls that it makes, which may add to it', async () => {
    const around = network();
    const made = service({ ...around, name: 's' });
    const Echo = contract('s', 'Echo', { say: echo, ask: echo });
    made.handle(Echo, {
      say: async (_, ctx) => JSON.stringify(ctx.metadata),
      ask: async (how, ctx) => {
        const { say } = made.client.of(Echo);
        if (how === 'plain') return say('');
        return say('', { ctx, metadata: { Tenant: 'b', 'X-More': '1', ...JSON.parse('{"__proto__":"p"}') } });
      },
    });
    await made.start();
    const { ask } = client(around).of(Echo);
    const metadata = { Tenant: 'a', Traceparent: '00-1' };
    expect(JSON.parse(await ask('plain', { metadata }))).toEqual({ tenant: 'a', traceparent: '00-1' });
    const more = JSON.parse(await ask('more', { metadata }));
    expect(Object.entries(more)).toEqual([
      ['tenant', 'b'],
      ['traceparent', '00-1'],
      ['x-more', '1'],
      ['__proto__', 'p'],
    ]);
  });
});
