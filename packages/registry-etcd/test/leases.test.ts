import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { cutProxy, eventually } from '@micro/conformance';
import type { Registry } from '@micro/core';
import { Etcd3 } from 'etcd3';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { startTestProcess } from '../../../scripts/lib/test-process.mjs';
import { etcdRegistry } from '../src/index.ts';
import { idsOf, service } from './records.ts';

await describeBackend('etcd', ({ start }) => {
  let server: BackendServer;
  const undo: (() => unknown)[] = [];
  beforeAll(async () => {
    server = await start();
  });
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });
  const open = (address = server.url): Registry => {
    const registry = etcdRegistry({ address });
    undo.push(() => registry.close());
    return registry;
  };
  const etcd = (): Etcd3 => {
    const client = new Etcd3({ hosts: server.url });
    undo.push(() => client.close());
    return client;
  };

  test('the nodes of a process share one lease for each ttl', async () => {
    const registry = open();
    const leases = async (): Promise<number> => (await etcd().leaseClient.leaseLeases()).leases.length;
    const before = await leases();
    const records = Array.from({ length: 20 }, (_, index) => service('shared', `node-${index}`));
    await Promise.all(records.map((record) => registry.register(record, { ttlMs: 20_000 })));
    await Promise.all(records.map((record) => registry.register(record, { ttlMs: 20_000 })));
    expect((await leases()) - before).toBe(1);
    await registry.register(service('shared', 'other'), { ttlMs: 30_000 });
    expect((await leases()) - before).toBe(2);
  });

  test('a lease that etcd has dropped is replaced, with all that stood on it', async () => {
    const registry = open();
    const [a, b] = [service('lost', 'a'), service('lost', 'b')];
    for (const one of [a, b]) await registry.register(one, { ttlMs: 20_000 });
    const kv = await etcd().kv.range({ key: Buffer.from('/micro/registry/lost/a') });
    await etcd().leaseClient.leaseRevoke({ ID: kv.kvs[0]?.lease ?? '' });
    expect(await registry.getService('lost')).toEqual([]);
    await registry.register(a, { ttlMs: 20_000 });
    expect(idsOf(await registry.getService('lost'))).toEqual(['a']);
    await registry.register(b, { ttlMs: 20_000 });
    expect(idsOf(await registry.getService('lost'))).toEqual(['a', 'b']);
  });

  test('a node that somebody else has changed is put right at its renewal, and one that nobody has is not touched', async () => {
    const registry = open();
    const record = service('mine', 'a');
    const key = '/micro/registry/mine/a';
    const revision = async (): Promise<string> =>
      (await etcd().kv.range({ key: Buffer.from(key) })).kvs[0]?.mod_revision ?? '';
    await registry.register(record, { ttlMs: 20_000 });
    const written = await revision();
    await registry.register(record, { ttlMs: 20_000 });
    expect(await revision()).toBe(written);
    await etcd().put(key).value('{}');
    await registry.register(record, { ttlMs: 20_000 });
    expect(idsOf(await registry.getService('mine'))).toEqual(['a']);
  });

  test('a node that could not be taken out goes at its ttl, although others renew the lease', async () => {
    const proxy = await cutProxy(Number(new URL(server.url).port));
    undo.push(proxy.close);
    const registry = open(proxy.address);
    const [leaving, staying] = [service('ghost', 'leaving'), service('ghost', 'staying')];
    for (const one of [leaving, staying]) await registry.register(one, { ttlMs: 1_000 });
    await proxy.refuse();
    await expect(registry.deregister(leaving)).rejects.toMatchObject({ code: 'unavailable' });
    await proxy.restore();
    const witness = open();
    await eventually(async () => {
      await registry.register(staying, { ttlMs: 1_000 });
      expect(idsOf(await witness.getService('ghost'))).toEqual(['staying']);
    });
  });

  test('a process that has closed its registry ends by itself', async () => {
    const args = [server.url, 'ending', '60000'];
    const child = await startTestProcess(new URL('peer.ts', import.meta.url), args, 'registered');
    undo.push(() => child.kill());
    const witness = open();
    expect(idsOf(await witness.getService('ending'))).toHaveLength(1);
    child.end();
    expect(await child.exited).toBe(0);
    expect(await witness.getService('ending')).toEqual([]);
  });
});
