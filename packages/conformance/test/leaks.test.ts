import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { nothingLeft, resources } from '../src/leaks.ts';

describe('what is left open', () => {
  test('is found, also where something of others ends meanwhile', async () => {
    const others = setTimeout(() => {}, 60_000);
    using before = resources();
    const mine = setTimeout(() => {}, 60_000);
    clearTimeout(others);
    await expect(nothingLeft(before, 100)).rejects.toThrow('left open after close()');
    clearTimeout(mine);
    await nothingLeft(before);
  });

  test('is found where a callback of its own has made it', async () => {
    using before = resources();
    const server = createServer();
    const made = new Promise<NodeJS.Timeout>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(setTimeout(() => {}, 60_000)));
    });
    const timer = await made;
    server.close();
    await expect(nothingLeft(before, 100)).rejects.toThrow('left open after close()');
    clearTimeout(timer);
    await nothingLeft(before);
  });

  test('is nothing where all has ended, or keeps no process alive', async () => {
    using before = resources();
    await new Promise((resolve) => setTimeout(resolve, 1));
    setTimeout(() => {}, 60_000).unref();
    await nothingLeft(before);
  });
});
