import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitting, keyOf } from '../src/names.ts';
import { settingsOf } from '../src/options.ts';
import { stepOf } from '../src/retries.ts';

test.each([
  ['user.signup', 'user.signup'],
  ['größe & co', 'größe & co'],
  ['a*b.c#d', 'a*b.c#d'],
  ['a.*', 'a.%2A'],
  ['#', '%23'],
  ['100%', '100%25'],
])('the routing key of %j is %j: itself, but for wildcards', (topic, key) => {
  expect(keyOf(topic)).toBe(key);
});

test('any two topics have two keys, without wildcards and short enough for AMQP', () => {
  const topic = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab.*#%'), minLength: 1, maxLength: 8 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
  );
  fc.assert(
    fc.property(topic, topic, (one, two) => {
      for (const key of [one, two].map(keyOf)) {
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(200);
        expect(key.split('.').some((word) => word === '*' || word === '#')).toBe(false);
      }
      if (one !== two) expect(keyOf(one)).not.toBe(keyOf(two));
    }),
  );
  expect(fitting('🚀'.repeat(60))).toMatch(/^🚀{16}%[0-9a-f]{64}$/u);
});

test('delays are rounded up, by no more than a step, so that few queues are needed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), (ms) => {
      expect(stepOf(ms)).toBeGreaterThanOrEqual(ms);
      expect(stepOf(ms)).toBeLessThanOrEqual(ms * 1.42 + 1);
    }),
  );
  const steps = new Set(Array.from({ length: 45_000 }, (_, ms) => stepOf(ms + 1)));
  expect(steps.size).toBeLessThanOrEqual(33);
});

test('addresses are read as URLs or host:port; what makes no sense is refused, without a password', () => {
  const [node] = settingsOf({ address: 'amqps://ada:p%40ss@[::1]:99/shop%2F1' }).nodes;
  expect(node).toEqual({
    ...{ protocol: 'amqps', hostname: '::1', port: 99, username: 'ada', password: 'p@ss', vhost: 'shop/1' },
  });
  expect(settingsOf({}).nodes[0]).toMatchObject({
    hostname: '127.0.0.1',
    port: 5672,
    username: 'guest',
    vhost: '/',
  });
  expect(settingsOf({ address: ['a:1', 'b'] }).nodes.map(({ port }) => port)).toEqual([1, 5672]);
  expect(() => settingsOf({ address: 'http://ada:secret@host' })).toThrow(/an address is not/);
  expect(() => settingsOf({ address: 'http://ada:secret@host' })).not.toThrow(/secret/);
  expect(() => settingsOf({ timeoutMs: 0 })).toThrow(/timeoutMs/);
});
