import { expect, test } from '@jest/globals';
import { newTurns } from '../src/plugin.ts';

test('so many run at once, the others in order, also after one that failed', async () => {
  const turns = newTurns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const run = (index: number): Promise<number> =>
    turns(async () => {
      begun.push(index);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (index === 0) throw new Error('failed');
      return index;
    });
  const all = Promise.allSettled([0, 1, 2, 3].map(run));
  expect(begun).toEqual([0, 1]);
  ends[0]?.();
  await new Promise(setImmediate);
  expect(begun).toEqual([0, 1, 2]);
  ends[1]?.();
  await new Promise(setImmediate);
  expect(begun).toEqual([0, 1, 2, 3]);
  for (const end of ends) end();
  expect((await all).map(({ status }) => status)).toEqual([
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(await turns(async () => 'free again')).toBe('free again');
});
