import { afterEach, describe, expect, test } from '@jest/globals';
import { certificateFiles, cutProxy, eventually, hasOpenssl, makeCertificates } from '@micro/conformance';
import type { Registry } from '@micro/core';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { type EtcdOptions, etcdRegistry } from '../src/index.ts';
import { enableAuth } from './auth.ts';
import { idsOf, service } from './records.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});
function open(options: EtcdOptions): Registry {
  const registry = etcdRegistry(options);
  undo.push(() => registry.close());
  return registry;
}

const root = { username: 'root', password: 'root-secret' };
const reader = { username: 'reader', password: 'reader-secret' };

await describeBackend('etcd', ({ start }) => {
  async function guarded(): Promise<BackendServer> {
    const server = await start();
    await enableAuth(server.url);
    return server;
  }

  test('who may not write is told so by etcd, and reads', async () => {
    const { url: address } = await guarded();
    const [writing, reading] = [open({ address, ...root }), open({ address, ...reader })];
    await writing.register(service('guarded', 'a'), { ttlMs: 10_000 });
    expect(idsOf(await reading.getService('guarded'))).toEqual(['a']);
    const refused = reading.register(service('guarded', 'b'), { ttlMs: 10_000 });
    await expect(refused).rejects.toMatchObject({ code: 'forbidden', message: /permission denied/ });
  });

  test('who says nothing is told so too: an empty list would look like no services', async () => {
    const { url: address } = await guarded();
    await expect(open({ address }).getService('guarded')).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(open({ address }).listServices()).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('a login that the server has forgotten is made again', async () => {
    const server = await guarded();
    const registry = open({ address: server.url, ...root });
    const record = service('again', 'a');
    await registry.register(record, { ttlMs: 10_000 });
    await server.stop();
    await server.start(); // simple tokens live in etcd's memory
    await registry.register(record, { ttlMs: 10_000 });
    const changes: string[] = [];
    const { signal } = new AbortController();
    registry.watch('again', ({ type }) => changes.push(type), { signal }).catch(() => {});
    await eventually(() => changes.length > 0);
  });

  test('a login leaves no connection behind', async () => {
    const server = await guarded();
    const proxy = await cutProxy(Number(new URL(server.url).port));
    undo.push(proxy.close);
    const registry = open({ address: proxy.address, ...root });
    await registry.listServices();
    expect(proxy.connections).toBe(1);
    await registry.close();
    await eventually(() => proxy.connections === 0);
  });

  const onTls = hasOpenssl ? describe : describe.skip;
  onTls('with TLS', () => {
    test('trusts the authority it was given, shows its certificate, and refuses others', async () => {
      const certificates = makeCertificates();
      const { authority, caller, stranger } = certificates;
      const files = certificateFiles(certificates);
      undo.push(files.remove);
      const { url: address } = await start({ tls: files });
      const ours = open({ address, tls: { ca: authority.cert, ...caller } });
      await ours.register(service('secret', 'a'), { ttlMs: 10_000 });
      expect(idsOf(await ours.getService('secret'))).toEqual(['a']);
      const refusals: readonly EtcdOptions[] = [
        { address, tls: { ca: authority.cert } },
        { address, tls: { ca: authority.cert, ...stranger } },
        { address, tls: { ca: stranger.cert, ...caller } },
        { address, tls: { ca: authority.cert, ...caller, serverName: 'elsewhere' } },
        { address },
      ];
      for (const options of refusals) {
        await expect(open(options).getService('secret')).rejects.toMatchObject({ code: 'unavailable' });
      }
      await expect(open({ address }).getService('secret')).rejects.toThrow(/certificate|self-signed|issuer/);
    });
  });
});
