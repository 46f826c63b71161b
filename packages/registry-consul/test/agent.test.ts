import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import type { Registry, ServiceRecord } from '@micro/core';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { type ConsulCheck, type ConsulOptions, consulRegistry } from '../src/index.ts';
import { management, put, tokenFor } from './access.ts';
import { endpointByGo, metadataByGo, versionsByGo } from './vectors.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});
function open(options: ConsulOptions): Registry {
  const registry = consulRegistry(options);
  undo.push(() => registry.close());
  return registry;
}

function service(name: string, address = '127.0.0.1:1'): ServiceRecord {
  return {
    name,
    version: '1',
    metadata: {},
    endpoints: [],
    nodes: [{ id: `${name}-1`, address, metadata: {} }],
  };
}
const addressesOf = async (registry: Registry, name: string): Promise<readonly string[]> =>
  (await registry.getService(name)).flatMap(({ nodes }) => nodes.map(({ address }) => address));

/** Something that lives: it answers HTTP. */
async function alive(): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = (): void => {
    server.close();
    server.closeAllConnections();
  };
  undo.push(end);
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

await describeBackend('consul', ({ start }) => {
  let address = '';
  beforeAll(async () => {
    ({ url: address } = await start());
  });

  test('a service that Go registered is found, with all that its tags say', async () => {
    const [id, tags] = ['greeter-go', [...Object.values(metadataByGo), endpointByGo, versionsByGo.latest]];
    const registered = { ID: id, Name: 'greeter', Tags: tags, Address: '10.0.0.5', Port: 38_291 };
    await register({ ...registered, Check: { TTL: '1m0s', Status: 'passing' } });
    const registry = open({ address });
    await eventually(async () => expect(await addressesOf(registry, 'greeter')).toEqual(['10.0.0.5:38291']));
    const [found] = await registry.getService('greeter');
    expect(found).toMatchObject({ version: 'latest', nodes: [{ id, metadata: { registry: 'consul' } }] });
    expect(found?.endpoints.map(({ name }) => name)).toEqual(['Greeter.Hello']);
  });
  async function register(body: object): Promise<void> {
    const response = await fetch(`${address}/v1/agent/service/register`, {
      method: 'PUT',
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
  }

  test('tags of our own stand beside those of go-micro', async () => {
    const registry = open({ address, tags: ['blue'] });
    await registry.register(service('tagged'), { ttlMs: 10_000 });
    const response = await fetch(`${address}/v1/agent/service/tagged-1`);
    expect(await response.json()).toMatchObject({ Tags: expect.arrayContaining(['blue']) });
    expect(() => consulRegistry({ tags: ['v-1'] })).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  describe('where the agent asks the node itself', () => {
    const checks: readonly ConsulCheck[] = [
      { type: 'tcp', intervalMs: 1_000 },
      { type: 'http', path: '/', intervalMs: 1_000 },
    ];
    test.each(checks)('by $type, it is there while it answers', async (check) => {
      const registry = open({ address, check });
      const { server, address: node } = await alive();
      const record = service(`asked-${check.type}`, node);
      await registry.register(record, { ttlMs: 10_000 });
      await eventually(async () => expect(await addressesOf(registry, record.name)).toEqual([node]));
      await registry.register(record, { ttlMs: 10_000 }); // renewed, and not registered anew: it stays
      expect(await addressesOf(registry, record.name)).toEqual([node]);
      server.close();
      server.closeAllConnections();
      await eventually(async () => expect(await addressesOf(registry, record.name)).toEqual([]));
      await registry.deregister(record);
    });

    test('a node that the agent has lost is registered anew', async () => {
      const registry = open({ address, check: { type: 'grpc', intervalMs: 1_000 } });
      const record = service('asked-grpc');
      await registry.register(record, { ttlMs: 10_000 });
      await open({ address }).deregister(record);
      await registry.register(record, { ttlMs: 10_000 });
      expect((await fetch(`${address}/v1/agent/service/asked-grpc-1`)).status).toBe(200);
    });
  });

  test('a datacenter that Consul does not know is its own error', async () => {
    const elsewhere = open({ address, datacenter: 'atlantis' }).getService('greeter');
    await expect(elsewhere).rejects.toMatchObject({ code: 'unavailable', message: /datacenter/ });
    const here = open({ address, datacenter: 'dc1' });
    await here.register(service('local'), { ttlMs: 10_000 });
    await eventually(async () => expect(await addressesOf(here, 'local')).toEqual(['127.0.0.1:1']));
  });

  describe('with access control', () => {
    let guarded = '';
    beforeAll(async () => {
      ({ url: guarded } = await start({ token: management }));
    });

    test('an empty list for want of a token is no empty registry', async () => {
      const owner = open({ address: guarded, token: management });
      await owner.register(service('secret'), { ttlMs: 60_000 });
      await eventually(async () => expect(await addressesOf(owner, 'secret')).toHaveLength(1));
      const nobody = open({ address: guarded });
      await expect(nobody.getService('secret')).rejects.toMatchObject({ code: 'forbidden' });
      await expect(nobody.listServices()).rejects.toMatchObject({ code: 'forbidden' });
      const { signal } = new AbortController();
      const watching = nobody.watch('secret', () => {}, { signal });
      await expect(watching).rejects.toMatchObject({ code: 'forbidden' });
    });

    test('with a token that sees something, what is not there is not there, and what is hidden is not nothing', async () => {
      const owner = open({ address: guarded, token: management });
      expect(await owner.getService('nowhere')).toEqual([]);
      await owner.register(service('hidden'), { ttlMs: 60_000 });
      await eventually(async () => expect(await addressesOf(owner, 'hidden')).toHaveLength(1));
      const rules = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
      const all = open({ address: guarded, token: await tokenFor(guarded, 'all', rules) });
      expect(await all.getService('nowhere')).toEqual([]);
      await owner.register(service('visible'), { ttlMs: 60_000 });
      const few = 'service "visible" { policy = "read" } node_prefix "" { policy = "read" }';
      const narrow = open({ address: guarded, token: await tokenFor(guarded, 'narrow', few) });
      await eventually(async () => expect(await addressesOf(narrow, 'visible')).toHaveLength(1));
      await expect(narrow.getService('hidden')).rejects.toMatchObject({ code: 'forbidden' });
    });

    test('a token that may register one name is refused another, in the words of Consul', async () => {
      const rules = 'service "mine" { policy = "write" } node_prefix "" { policy = "read" }';
      const token = await tokenFor(guarded, 'mine', rules);
      const registry = open({ address: guarded, token });
      await registry.register(service('mine'), { ttlMs: 10_000 });
      await eventually(async () => expect(await addressesOf(registry, 'mine')).toHaveLength(1));
      const refused = registry.register(service('theirs'), { ttlMs: 10_000 });
      await expect(refused).rejects.toMatchObject({
        code: 'forbidden',
        message: /Permission denied.*service:write/,
      });
    });
  });

  test('the catalog of another host, without checks, is found too', async () => {
    await fetch(`${address}/v1/catalog/register`, {
      method: 'PUT',
      body: JSON.stringify({
        Node: 'far',
        Address: '10.0.0.9',
        Service: { Service: 'far', ID: 'far-1', Port: 80 },
      }),
    });
    const registry = open({ address });
    await eventually(async () => expect(await addressesOf(registry, 'far')).toEqual(['10.0.0.9:80']));
    expect(await registry.listServices()).toContain('far');
    await put(address, 'catalog/deregister', { Node: 'far' });
  });
});
