import { expect, test } from '@jest/globals';
import { newLifetimes } from '../src/plugin.ts';

const later = (): number => performance.now() + 60_000;

test('what was renewed in time stays, and what was not is taken out', async () => {
  const out: string[] = [];
  const keys = newLifetimes<string>(async (key) => void out.push(key));
  keys.renewing('old', performance.now());
  keys.written('old', 'text', performance.now());
  keys.written('new', 'text', later());
  await keys.dropExpired();
  await keys.dropExpired();
  expect(out).toEqual(['old']);
  expect(keys.renewing('new', later())).toBe('text');
  expect(keys.renewing('old', later())).toBeUndefined();
});

test('what could not be taken out is tried again, also where its writing was never confirmed', async () => {
  const out: string[] = [];
  let away = true;
  const keys = newLifetimes<string>(async (key) => {
    if (away) throw new Error('the backend is silent');
    out.push(key);
  });
  keys.renewing('given up', later());
  keys.written('written', 'text', later());
  for (const key of ['given up', 'written']) await expect(keys.remove(key)).rejects.toThrow(/silent/);
  await keys.dropExpired();
  away = false;
  await keys.dropExpired();
  expect(out.sort()).toEqual(['given up', 'written']);
});

test('a key that is written anew while it is taken out stays known', async () => {
  let done = (): void => {};
  const keys = newLifetimes<string>(() => new Promise((resolve) => (done = resolve)));
  keys.written('a', 'first', later());
  const removing = keys.remove('a');
  keys.written('a', 'second', later());
  done();
  await removing;
  expect(keys.renewing('a', later())).toBe('second');
});
