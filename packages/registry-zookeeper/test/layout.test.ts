import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cutProxy, eventually } from '@micro/conformance';
import { onBackground, type Registry, type RegistryChange, type ServiceRecord } from '@micro/core';
import { type Client, createClient, type Exception } from 'node-zookeeper-client';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { startTestProcess } from '../../../scripts/lib/test-process.mjs';
import { type ZookeeperOptions, zookeeperRegistry } from '../src/index.ts';
import { nodePath, serviceOf } from '../src/paths.ts';

// TV5 of docs/wire.md: what Go writes to etcd and ZooKeeper alike.
const greeterId = 'greeter-6f1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
const greeterPath = `/micro-registry/greeter/${greeterId}`;
const greeterText = `{"name":"greeter","version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":{"protocol":"mucp"},"id":"${greeterId}","address":"10.0.0.5:38291"}]}`;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

function service(name: string, id = 'a', port = 1): ServiceRecord {
  const nodes = [{ id, address: `127.0.0.1:${port}`, metadata: {} }];
  return { name, version: '1', metadata: {}, endpoints: [], nodes };
}
const addressesOf = async (registry: Registry, name: string): Promise<readonly string[]> =>
  (await registry.getService(name)).flatMap(({ nodes }) => nodes.map(({ address }) => address)).sort();

describe('paths', () => {
  test('are those of go-micro, with dashes for slashes', () => {
    expect(nodePath('/micro-registry', 'greeter', greeterId)).toBe(greeterPath);
    expect(nodePath('/micro-registry', 'acme/greeter', 'acme/greeter-1')).toBe(
      '/micro-registry/acme-greeter/acme-greeter-1',
    );
  });

  test('what ZooKeeper refuses, and Go could not write, goes by its number', () => {
    expect(nodePath('/r', '..', 'a\0b')).toBe('/r/%2e%2e/a%0b');
    expect(nodePath('/r', 'größe', '🚀')).toBe('/r/größe/%d83d%de80');
    expect([serviceOf('greeter'), serviceOf('acme-greeter'), serviceOf('%2e')]).toEqual([
      'greeter',
      undefined,
      undefined,
    ]);
  });
});

describe('options', () => {
  const senseless: readonly ZookeeperOptions[] = [
    { address: [] },
    { address: '[::1]:2181' },
    { address: 'unix:/tmp/zk' },
    { root: 'micro' },
    { root: '/' },
    { sessionTimeoutMs: 1 },
    { username: 'a:b' },
    { timeoutMs: 0 },
  ];
  test.each(senseless)('%j makes no sense', (options) => {
    expect(() => zookeeperRegistry(options)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  test('TLS is refused, because the client library has none', () => {
    const options: object = { tls: {} };
    expect(() => zookeeperRegistry(options)).toThrow(/no TLS/);
  });
});

await describeBackend('zookeeper', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  });
  function open(address = server.url, sessionTimeoutMs = 4_000): Registry {
    const registry = zookeeperRegistry({ address, sessionTimeoutMs });
    undo.push(() => registry.close());
    return registry;
  }
  /** Another client, as Go would be one. */
  function other(): Client {
    const client = createClient(server.url);
    client.connect();
    undo.push(() => client.close());
    return client;
  }
  const call = <T>(run: (done: (error: Error | Exception | null, result: T) => void) => void): Promise<T> =>
    new Promise((resolve, reject) => run((error, result) => (error ? reject(error) : resolve(result))));

  test('a record that Go wrote is read, and written again byte for byte, in its place, and not for ever', async () => {
    const [go, registry] = [other(), open()];
    await call((done) => go.mkdirp('/micro-registry/greeter', done));
    await call((done) => go.create(greeterPath, Buffer.from(greeterText), done));
    const [greeter] = await registry.getService('greeter');
    expect(greeter).toMatchObject({ version: 'latest', nodes: [{ id: greeterId }] });
    if (greeter === undefined) throw new Error('no greeter');
    await registry.register(greeter, { ttlMs: 10_000 });
    const text = await call<Buffer>((done) => go.getData(greeterPath, done));
    expect(text.toString()).toBe(greeterText);
    await registry.close();
    await eventually(async () => expect(await open().getService('greeter')).toEqual([]));
  });

  test('a node whose text Go sets anew is seen by watches, and put right at its renewal', async () => {
    const [go, registry] = [other(), open()];
    const record = service('set');
    await registry.register(record, { ttlMs: 10_000 });
    const changes: RegistryChange[] = [];
    const { signal } = new AbortController();
    registry.watch('set', (change) => changes.push(change), { signal }).catch(() => {});
    await eventually(() => changes.length === 1);
    const changed = greeterText.replaceAll('greeter', 'set');
    await call((done) => go.setData('/micro-registry/set/a', Buffer.from(changed), done));
    await eventually(async () => expect(await addressesOf(registry, 'set')).toEqual(['10.0.0.5:38291']));
    await eventually(() => changes.some((change) => change.type === 'put'));
    await registry.register(record, { ttlMs: 10_000 });
    expect(await addressesOf(registry, 'set')).toEqual(['127.0.0.1:1']);
  });

  test('services whose names look alike are told apart', async () => {
    const registry = open();
    await registry.register(service('acme/one', 'x', 1), { ttlMs: 10_000 });
    await registry.register(service('acme-one', 'y', 2), { ttlMs: 10_000 });
    expect(await addressesOf(registry, 'acme/one')).toEqual(['127.0.0.1:1']);
    expect(await addressesOf(registry, 'acme-one')).toEqual(['127.0.0.1:2']);
    expect(await registry.listServices()).toEqual(['acme-one', 'acme/one']);
  });

  test('what cannot be read is left out, and reported; folders of others are passed over', async () => {
    const [go, registry] = [other(), open()];
    const warnings: string[] = [];
    const stop = onBackground(({ event, subject }) => {
      if (event === 'plugin.warning') warnings.push(subject);
    });
    undo.push(stop);
    await registry.register(service('odd'), { ttlMs: 10_000 });
    await call((done) => go.create('/micro-registry/odd/broken', Buffer.from('{'), done));
    await call((done) => go.mkdirp('/micro-registry/odd/folder/deep', done));
    expect(await addressesOf(registry, 'odd')).toEqual(['127.0.0.1:1']);
    expect(warnings).toEqual(['registry zookeeper: /micro-registry/odd/broken is no service']);
  });

  test('a node that could not be taken out goes at its ttl, although others renew', async () => {
    const proxy = await cutProxy(Number(server.url.split(':')[1]));
    undo.push(proxy.close);
    const registry = zookeeperRegistry({ address: proxy.address, sessionTimeoutMs: 20_000, timeoutMs: 500 });
    undo.push(() => registry.close());
    const [leaving, staying] = [service('ghost', 'leaving', 1), service('ghost', 'staying', 2)];
    for (const one of [leaving, staying]) await registry.register(one, { ttlMs: 1_500 });
    await proxy.refuse();
    await expect(registry.deregister(leaving)).rejects.toMatchObject({ code: 'unavailable' });
    await proxy.restore();
    const witness = open();
    await eventually(async () => {
      await registry.register(staying, { ttlMs: 1_500 });
      expect(await addressesOf(witness, 'ghost')).toEqual(['127.0.0.1:2']);
    });
  });

  test('a process that has closed its registry ends by itself', async () => {
    const args = [server.url, 'ending', '20000'];
    const child = await startTestProcess(new URL('peer.ts', import.meta.url), args, 'registered');
    undo.push(() => child.kill());
    expect(await open().getService('ending')).toHaveLength(1);
    child.end();
    expect(await child.exited).toBe(0);
    expect(await open().getService('ending')).toEqual([]);
  });
});
