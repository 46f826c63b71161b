import { once } from 'node:events';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { eventually, rejects } from '@micro/conformance';
import type { Registry, ServiceRecord } from '@micro/core';
import { ACL, createClient, Id, Permission } from 'node-zookeeper-client';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { type ZookeeperOptions, zookeeperRegistry } from '../src/index.ts';

const ada = { username: 'ada', password: 'secret' };
const ttlMs = 60_000;

function record(name: string, id: string): ServiceRecord {
  return { name, version: '1', metadata: {}, endpoints: [], nodes: [{ id, address: 'a:1', metadata: {} }] };
}

await describeBackend('zookeeper', ({ start }) => {
  let server: BackendServer;
  const undo: (() => unknown)[] = [];
  beforeAll(async () => {
    server = await start();
    await guard(server.url);
  });
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });
  function open(options: ZookeeperOptions = {}): Registry {
    const registry = zookeeperRegistry({ address: server.url, ...options });
    undo.push(() => registry.close());
    return registry;
  }
  const idsOf = async (registry: Registry, name: string): Promise<readonly string[]> =>
    (await registry.getService(name)).flatMap(({ nodes }) => nodes.map(({ id }) => id));

  test('a login opens what is closed to others, who are told so by ZooKeeper at every use', async () => {
    const ours = open(ada);
    await ours.register(record('guarded', 'a'), { ttlMs });
    expect(await ours.listServices()).toEqual(['guarded']);
    for (const login of [{}, { ...ada, password: 'wrong' }, { username: 'eve', password: 'secret' }]) {
      const other = open(login);
      const uses = [
        () => other.register(record('new', 'b'), { ttlMs }),
        () => other.register(record('guarded', 'b'), { ttlMs }),
        () => other.deregister(record('guarded', 'a')),
        () => other.listServices(),
      ];
      for (const use of uses) expect((await rejects(use(), 'forbidden')).message).toMatch(/NO_AUTH/);
    }
    expect(await idsOf(ours, 'guarded')).toEqual(['a']);
  });

  test('what a login has written is read by those who have none', async () => {
    await open(ada).register(record('open', 'a'), { ttlMs });
    expect(await idsOf(open(), 'open')).toEqual(['a']);
  });

  test('a login outlives the connection', async () => {
    const ours = open(ada);
    await ours.register(record('again', 'a'), { ttlMs });
    await server.stop();
    await server.start();
    // a connection that was begun while the server started may be silent: it is given up after timeoutMs
    await eventually(() => ours.register(record('again', 'a'), { ttlMs }), { timeoutMs: 20_000 });
    await ours.register(record('again', 'b'), { ttlMs });
    expect([...(await idsOf(open(ada), 'again'))].sort()).toEqual(['a', 'b']);
  });
});

/** Closes the registry's root to everybody but one. */
async function guard(url: string): Promise<void> {
  const client = createClient(url);
  client.addAuthInfo('digest', Buffer.from(`${ada.username}:${ada.password}`));
  const connected = once(client, 'connected');
  client.connect();
  await connected; // what is asked before goes ahead of the login
  const rights = [new ACL(Permission.ALL, new Id('auth', ''))];
  await new Promise<void>((resolve, reject) => {
    client.create('/micro-registry', rights, (error) => (error ? reject(error) : resolve()));
  });
  client.close();
}
