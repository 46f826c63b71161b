import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitting, keyOf } from '../src/names.ts';
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
