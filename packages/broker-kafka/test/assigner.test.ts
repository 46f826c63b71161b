import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Claim, share } from '../src/assigner.ts';

const claim = (held: readonly number[], busy: readonly number[] = [], leaving = false): Claim => ({
  held,
  busy,
  leaving,
});

test('who joins gets a share, and the partitions that are busy stay where they are', () => {
  const given = share(
    [0, 1, 2, 3],
    new Map([
      ['a', claim([0, 1, 2, 3], [3])],
      ['b', claim([])],
    ]),
  );
  expect(given.get('a')).toEqual([3, 0]);
  expect(given.get('b')).toEqual([1, 2]);
});

test('who leaves keeps what it is handling, and nothing else', () => {
  const given = share(
    [0, 1, 2, 3],
    new Map([
      ['a', claim([0, 1, 2, 3], [2], true)],
      ['b', claim([])],
    ]),
  );
  expect(given.get('a')).toEqual([2]);
  expect(given.get('b')).toEqual([0, 1, 3]);
});

test('whatever members claim, each partition is given once, and nobody gets one more than others but for a rest', () => {
  const some = fc.subarray([...Array(9).keys()]);
  const claims = fc.dictionary(
    fc.string({ minLength: 1, maxLength: 3 }),
    fc.record({ held: some, busy: some, leaving: fc.boolean() }),
    { minKeys: 1, maxKeys: 5 },
  );
  fc.assert(
    fc.property(claims, fc.integer({ min: 1, max: 9 }), (members, count) => {
      const partitions = [...Array(count).keys()];
      const given = share(partitions, new Map(Object.entries(members)));
      expect([...given.values()].flat().sort()).toEqual(partitions);
      const staying = Object.entries(members).filter(([, { leaving }]) => !leaving);
      const most = Math.ceil(count / Math.max(1, staying.length));
      for (const mine of given.values()) expect(mine.length).toBeLessThanOrEqual(most);
    }),
  );
});
