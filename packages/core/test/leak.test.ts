import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { bundle, start } from './peer-process.ts';

// A leak of 10 bytes a call would show; what the heap itself moves by is a tenth of that
const calls = 100_000;

test('a hundred thousand calls, with streams, events, failures and cancels among them, leave nothing behind', async () => {
  const folder = await bundle(new URL('./leak-peer.ts', import.meta.url));
  const peer = start(join(folder, 'leak-peer.mjs'), [String(calls)], ['--expose-gc']);
  expect(await peer.ended).toEqual([0, null]);
  expect(peer.errors).toBe('');
  const { grownBytes, ...rest } = JSON.parse(peer.lines[0] ?? '');
  expect(rest).toEqual({ listeners: 0, heard: true, left: [], gc: true });
  expect(grownBytes).toBeLessThan(calls * 10);
}, 60_000);
