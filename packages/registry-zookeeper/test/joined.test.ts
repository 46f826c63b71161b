import { expect, test } from '@jest/globals';
import { joined } from '../src/joined.ts';

test('who asks while a run is under way shares the next, also after one that failed', async () => {
  const runs: { readonly key: string; readonly end: (error?: Error) => void }[] = [];
  const ask = joined(
    (key) =>
      new Promise<number>((resolve, reject) => {
        const index = runs.length;
        runs.push({ key, end: (error) => (error === undefined ? resolve(index) : reject(error)) });
      }),
  );
  const first = ask('a').catch(String);
  const others = [ask('a'), ask('a'), ask('b')];
  expect(runs.map(({ key }) => key)).toEqual(['a', 'b']);
  runs[0]?.end(new Error('lost'));
  expect(await first).toBe('Error: lost');
  await new Promise(setImmediate);
  expect(runs.map(({ key }) => key)).toEqual(['a', 'b', 'a']);
  for (const { end } of runs) end();
  expect(await Promise.all(others)).toEqual([2, 2, 1]);
});
