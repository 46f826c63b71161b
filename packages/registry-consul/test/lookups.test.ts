import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { consulRegistry } from '../src/index.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Passes everything on, and notes what was asked. */
async function notedBefore(url: string, asked: string[]): Promise<string> {
  const server = createServer((coming, answer) => {
    asked.push(coming.url ?? '');
    const { method, headers } = coming;
    const going = request(`${url}${coming.url}`, { method, headers }, (came) => {
      answer.writeHead(came.statusCode ?? 500, came.headers);
      came.pipe(answer);
    });
    coming.pipe(going);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

await describeBackend('consul', ({ start }) => {
  test('any server may answer a lookup, unless the leader is asked for', async () => {
    const asked: string[] = [];
    const address = await notedBefore((await start()).url, asked);
    for (const stale of [undefined, false]) {
      const registry = consulRegistry({ address, stale });
      undo.push(() => registry.close());
      expect(await registry.listServices()).toEqual(['consul']);
      expect(await registry.getService('greeter')).toEqual([]);
      const isStale = (path: string): boolean => new URL(path, 'http://agent').searchParams.has('stale');
      expect(asked.splice(0).map(isStale)).toEqual([1, 2, 3].map(() => stale !== false));
    }
  });
});
