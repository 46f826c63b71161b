import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { onBackground, type Registry } from '@micro/core';
import { Etcd3 } from 'etcd3';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { etcdRegistry } from '../src/index.ts';
import { nodeKey, rangeOf, servicePrefix } from '../src/keys.ts';
import { idsOf, service } from './records.ts';

// TV5 and TV3 of docs/wire.md: what go-micro v4.11 writes.
const greeterId = 'greeter-6f1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
const greeterKey = `/micro/registry/greeter/${greeterId}`;
const greeterText = `{"name":"greeter","version":"latest","metadata":null,"endpoints":[{"request":{"name":"Request","type":"Request","values":[{"name":"name","type":"string","values":null}]},"response":{"name":"Response","type":"Response","values":[{"name":"msg","type":"string","values":null}]},"metadata":{},"name":"Greeter.Hello"}],"nodes":[{"metadata":{"broker":"http","protocol":"mucp","registry":"etcd","server":"mucp","transport":"http"},"id":"${greeterId}","address":"10.0.0.5:38291"}]}`;
// The same data as v4.9 writes it.
const greeterByOlder = `{"name":"greeter","version":"latest","metadata":null,"endpoints":[],"nodes":[{"id":"${greeterId}","address":"10.0.0.5:38291","metadata":{"protocol":"mucp"}}]}`;

describe('keys', () => {
  test('are those of go-micro, with dashes for slashes', () => {
    expect(nodeKey('/micro/registry/', 'greeter', greeterId)).toBe(greeterKey);
    expect(nodeKey('/micro/registry/', 'acme/greeter', 'acme/greeter-1')).toBe(
      '/micro/registry/acme-greeter/acme-greeter-1',
    );
  });

  test('a range ends before what follows the slash', () => {
    const { key, range_end } = rangeOf(servicePrefix('/micro/registry/', 'größe'));
    expect([String(key), String(range_end)]).toEqual(['/micro/registry/größe/', '/micro/registry/größe0']);
  });
});

await describeBackend('etcd', ({ start }) => {
  let server: BackendServer;
  let etcd: Etcd3;
  let registry: Registry;
  beforeAll(async () => {
    server = await start();
  });
  const open = (): void => {
    etcd = new Etcd3({ hosts: server.url });
    registry = etcdRegistry({ address: server.url });
  };
  afterEach(async () => {
    await etcd.delete().all();
    etcd.close();
    await registry.close();
  });

  test('a record that Go wrote is read, and written again byte for byte', async () => {
    open();
    await etcd.put(greeterKey).value(greeterText);
    const [greeter] = await registry.getService('greeter');
    expect(greeter).toMatchObject({
      version: 'latest',
      nodes: [{ id: greeterId, address: '10.0.0.5:38291' }],
    });
    await etcd.delete().key(greeterKey);
    if (greeter === undefined) throw new Error('no greeter');
    await registry.register(greeter, { ttlMs: 10_000 });
    expect(await etcd.get(greeterKey).string()).toBe(greeterText);
  });

  test('so is one of an older Go', async () => {
    open();
    await etcd.put(greeterKey).value(greeterByOlder);
    expect(idsOf(await registry.getService('greeter'))).toEqual([greeterId]);
    expect(await registry.listServices()).toEqual(['greeter']);
  });

  test('services whose names look alike in keys are told apart', async () => {
    open();
    await registry.register(service('acme/greeter', 'one'), { ttlMs: 10_000 });
    await registry.register(service('acme-greeter', 'two'), { ttlMs: 10_000 });
    expect(idsOf(await registry.getService('acme/greeter'))).toEqual(['one']);
    expect(idsOf(await registry.getService('acme-greeter'))).toEqual(['two']);
    expect(await registry.listServices()).toEqual(['acme-greeter', 'acme/greeter']);
  });

  test('what cannot be read is left out, and reported', async () => {
    open();
    const warnings: string[] = [];
    const stop = onBackground(({ event, subject }) => {
      if (event === 'plugin.warning') warnings.push(subject);
    });
    await etcd.put('/micro/registry/greeter/broken').value('{"name":');
    await registry.register(service('greeter', 'one'), { ttlMs: 10_000 });
    expect(idsOf(await registry.getService('greeter'))).toEqual(['one']);
    stop();
    expect(warnings).toEqual(['registry etcd: /micro/registry/greeter/broken is no service']);
  });

  test('another prefix is another world', async () => {
    open();
    const other = etcdRegistry({ address: server.url, prefix: '/staging/' });
    await other.register(service('greeter', 'one'), { ttlMs: 10_000 });
    expect(await registry.listServices()).toEqual([]);
    expect(await etcd.get('/staging/greeter/one').exists()).toBe(true);
    await other.close();
  });

  test('more than fits into one message of gRPC is read in pages', async () => {
    open();
    const endpoint = {
      name: 'Big.One',
      request: null,
      response: null,
      metadata: { text: 'x'.repeat(9_000) },
    };
    const ids = Array.from({ length: 1_100 }, (_, index) => String(10_000 + index));
    const big = { ...service('big', ...ids), endpoints: [endpoint] };
    await registry.register(big, { ttlMs: 10_000 });
    expect(idsOf(await registry.getService('big'))).toEqual(ids);
    expect(await registry.listServices()).toEqual(['big']);
  });
});
