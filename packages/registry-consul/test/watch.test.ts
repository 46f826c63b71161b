import { EventEmitter } from 'node:events';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import type { RegistryChange } from '@micro/core';
import Consul from 'consul';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import type { Answer, Connection } from '../src/connection.ts';
import { consulRegistry } from '../src/index.ts';
import { watchService } from '../src/watch.ts';

describe('an index that goes back', () => {
  test('is that of a server without our past: the list holds, and the next question is for all', async () => {
    const ending = new AbortController();
    const asked: unknown[] = [];
    const indexes = ['70', '90', '20', '25'];
    // No real server can be made to go back without breaking the connection, so Consul's answers are written here.
    async function answer(run: Parameters<Connection['request']>[0]): Promise<Answer> {
      const client = new Consul();
      client.health.service = async (options: unknown) => {
        asked.push(Reflect.get(Object(options), 'index'));
        return [];
      };
      await run(client, { ctx: new EventEmitter(), timeout: 1 });
      const index = indexes.shift();
      if (indexes.length === 0) ending.abort();
      return { headers: { 'x-consul-index': index }, body: [] };
    }
    const connection: Connection = {
      closed: ending.signal,
      close() {},
      request: answer,
      hold: (run) => answer((client, options) => run(client, options, 100)),
    };
    const watched = { name: 'a', changed: () => {}, signal: ending.signal };
    await watchService(connection, watched, { stale: true }).catch(() => {}); // aborted in the middle of its question
    expect(asked).toEqual(['0', '70', '90', '0']);
  });
});

await describeBackend('consul', ({ start }) => {
  let address = '';
  beforeAll(async () => {
    ({ url: address } = await start());
  });

  test('a watch that Consul does not want to hold any longer asks again, and tells nothing anew', async () => {
    const registry = consulRegistry({ address, waitMs: 100 });
    const changes: RegistryChange[] = [];
    const { signal } = new AbortController();
    const watching = registry.watch('quiet', (change) => changes.push(change), { signal });
    await eventually(() => changes.length === 1);
    const begun = performance.now();
    await eventually(() => performance.now() - begun > 600);
    expect(changes).toHaveLength(1);
    const nodes = [{ id: 'quiet-1', address: '127.0.0.1:1', metadata: {} }];
    const record = { name: 'quiet', version: '1', metadata: {}, endpoints: [], nodes };
    await registry.register(record, { ttlMs: 10_000 });
    await eventually(() => changes.length > 1);
    await registry.close();
    await watching;
  });
});
