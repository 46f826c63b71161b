import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { cutProxy, eventually } from '@micro/conformance';
import type { RegistryChange, ServiceRecord } from '@micro/core';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { natsRegistry } from '../src/index.ts';

await describeBackend('nats', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  });
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  test('who was cut off while others made their lists is announced when it is back, long before its renewal', async () => {
    const proxy = await cutProxy(Number(new URL(server.url).port));
    closing.push(() => proxy.close());
    const [away, watcher] = [proxy.address, server.url].map((address) => natsRegistry({ address }));
    if (away === undefined || watcher === undefined) throw new Error('two registries');
    closing.push(() => Promise.all([away.close(), watcher.close()]));
    const node = { id: 'greeter-1', address: '127.0.0.1:1000', metadata: {} };
    const record: ServiceRecord = {
      ...{ name: 'greeter', version: '1', metadata: {}, endpoints: [] },
      nodes: [node],
    };
    await away.register(record, { ttlMs: 3_600_000 });
    await proxy.refuse();

    const seen: RegistryChange[] = [];
    const ended = new AbortController();
    const watching = watcher.watch('greeter', (change) => seen.push(change), { signal: ended.signal });
    await eventually(() => expect(seen).toEqual([{ type: 'list', name: 'greeter', services: [] }]));
    await proxy.restore();
    await eventually(() => expect(seen.at(-1)).toMatchObject({ type: 'put', service: { nodes: [node] } }));

    await away.deregister(record);
    await eventually(() => expect(seen.at(-1)).toMatchObject({ type: 'remove', ids: [node.id] }));
    ended.abort();
    await watching;
  });
});
