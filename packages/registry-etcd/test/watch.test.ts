import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { type CutProxy, cutProxy, eventually } from '@micro/conformance';
import { isMicroError, type Registry } from '@micro/core';
import { Etcd3 } from 'etcd3';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { etcdRegistry } from '../src/index.ts';
import { lineOf, service } from './records.ts';

/** How long a stream has to have lived to be taken up again. */
const steadyMs = 1_000;

await describeBackend('etcd', ({ start }) => {
  let server: BackendServer;
  const undo: (() => unknown)[] = [];
  beforeAll(async () => {
    server = await start();
  });
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  interface Followed {
    readonly proxy: CutProxy;
    readonly direct: Registry;
    readonly lines: readonly string[];
    /** What the watch rejected with. */
    readonly ended: Promise<unknown>;
  }

  async function proxied(): Promise<CutProxy> {
    const proxy = await cutProxy(Number(new URL(server.url).port));
    undo.push(proxy.close);
    return proxy;
  }

  /** A watch through a proxy, old enough to be taken up again. */
  async function followed(name: string): Promise<Followed> {
    const proxy = await proxied();
    const [behind, direct] = [
      etcdRegistry({ address: proxy.address }),
      etcdRegistry({ address: server.url }),
    ];
    undo.push(
      proxy.close,
      () => direct.close(),
      () => behind.close(),
    );
    const lines: string[] = [];
    const { signal } = new AbortController();
    const watching = behind.watch(name, (change) => lines.push(lineOf(change)), { signal });
    const ended = watching.catch((error: unknown) => error);
    await eventually(() => lines.length === 1);
    const begun = performance.now();
    await eventually(() => performance.now() - begun > 1.2 * steadyMs);
    return { proxy, direct, lines, ended };
  }

  test('a watch whose connection was cut goes on where it was, without a new list', async () => {
    const { proxy, direct, lines } = await followed('resumed');
    await direct.register(service('resumed', 'a'), { ttlMs: 60_000 });
    await eventually(() => lines.includes('put a'));
    proxy.silence();
    await direct.register(service('resumed', 'b'), { ttlMs: 60_000 });
    await direct.deregister(service('resumed', 'a'));
    proxy.cut();
    await proxy.restore();
    await eventually(() => lines.includes('remove a'));
    expect(lines).toEqual(['list', 'put a', 'put b', 'remove a']);
  });

  test('a watch whose revision etcd has compacted begins with a new list', async () => {
    const { proxy, direct, lines } = await followed('compacted');
    proxy.silence();
    for (const id of ['a', 'b', 'c']) await direct.register(service('compacted', id), { ttlMs: 60_000 });
    await direct.deregister(service('compacted', 'b'));
    const etcd = new Etcd3({ hosts: server.url });
    undo.push(() => etcd.close());
    const { header } = await etcd.kv.range({ key: Buffer.from('x') });
    await etcd.kv.compact({ revision: header.revision, physical: true });
    proxy.cut();
    await proxy.restore();
    await eventually(() => lines.length > 1);
    expect(lines).toEqual(['list', 'list a c']);
    await direct.register(service('compacted', 'd'), { ttlMs: 60_000 });
    await eventually(() => lines.includes('put d'));
  });

  test('a watch whose server has gone silent ends in unavailable, although nobody asks anything', async () => {
    const { proxy, ended } = await followed('silent');
    proxy.silence();
    expect(isMicroError(await ended, 'unavailable')).toBe(true);
  }, 40_000);

  test('a member that is away does no harm where there is another', async () => {
    for (let round = 0; round < 10; round++) {
      // Whichever it begins with: this one is new each time.
      const registry = etcdRegistry({ address: ['127.0.0.1:1', server.url] });
      undo.push(() => registry.close());
      await registry.register(service('members', `node-${round}`), { ttlMs: 60_000 });
    }
  });

  test('a watch goes over to another member when its own is gone', async () => {
    const [one, two] = [await proxied(), await proxied()];
    const registry = etcdRegistry({ address: [one.address, two.address] });
    undo.push(() => registry.close());
    const lines: string[] = [];
    const { signal } = new AbortController();
    registry.watch('moved', (change) => lines.push(lineOf(change)), { signal }).catch(() => {});
    await eventually(() => lines.length === 1);
    const begun = performance.now();
    await eventually(() => performance.now() - begun > 1.2 * steadyMs);
    const [its, other] = one.connections > 0 ? [one, two] : [two, one];
    await its.refuse();
    await registry.register(service('moved', 'a'), { ttlMs: 60_000 });
    await eventually(() => lines.includes('put a'));
    expect(lines).toEqual(['list', 'put a']);
    expect([its.connections, other.connections]).toEqual([0, 1]);
  });
});
