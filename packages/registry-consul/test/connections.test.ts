import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { cutProxy, eventually, rejects } from '@micro/conformance';
import type { Registry, ServiceRecord } from '@micro/core';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { type ConsulOptions, consulRegistry } from '../src/index.ts';

function record(name: string): ServiceRecord {
  const nodes = [{ id: `${name}-1`, address: '127.0.0.1:1', metadata: {} }];
  return { name, version: '1', metadata: {}, endpoints: [], nodes };
}

await describeBackend('consul', ({ start }) => {
  const undo: (() => unknown)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });
  function open(options: ConsulOptions): Registry {
    const registry = consulRegistry(options);
    undo.push(() => registry.close());
    return registry;
  }

  test('watches beyond their connections take turns: each begins at once, and none misses a change', async () => {
    const { url } = await start();
    const proxy = await cutProxy(Number(new URL(url).port));
    undo.push(proxy.close);
    const [watching, direct] = [
      open({ address: proxy.address, watchConnections: 4 }),
      open({ address: url }),
    ];
    const names = Array.from({ length: 12 }, (_, index) => `turns-${index}`);
    const seen = new Map<string, number>();
    const { signal } = new AbortController();
    for (const name of names) {
      watching
        .watch(name, (change) => seen.set(name, change.type === 'list' ? change.services.length : -1), {
          signal,
        })
        .catch(() => seen.set(name, -1));
    }
    await eventually(() => expect([...seen.values()]).toEqual(names.map(() => 0)));
    for (const name of names) await direct.register(record(name), { ttlMs: 60_000 });
    await eventually(() => expect([...seen.values()]).toEqual(names.map(() => 1)));
    expect(proxy.connections).toBeLessThanOrEqual(4 + 16);
  });

  test('an agent that takes no more connections says so, and is asked again when it does', async () => {
    const { url } = await start({ config: { limits: { http_max_conns_per_client: 3 } } });
    const port = Number(new URL(url).port);
    const others: Socket[] = [];
    const leave = (): void => {
      for (const socket of others.splice(0)) socket.destroy();
    };
    undo.push(leave);
    const registry = open({ address: url });
    const { signal } = new AbortController();
    const uses = [
      () => registry.register(record('crowded'), { ttlMs: 60_000 }),
      () => registry.watch('crowded', () => {}, { signal }),
    ];
    await eventually(async () => {
      const socket = connect(port, '127.0.0.1');
      others.push(socket);
      await once(socket, 'connect');
      for (const use of uses)
        expect((await rejects(use(), 'overloaded', 1_000)).message).toMatch(
          /too many concurrent connections/,
        );
    });
    leave();
    await eventually(() => registry.register(record('crowded'), { ttlMs: 60_000 }));
  });
});
