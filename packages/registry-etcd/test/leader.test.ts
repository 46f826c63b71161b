import { createServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { eventually, rejects } from '@micro/conformance';
import type { RegistryChange } from '@micro/core';
import { Etcd3 } from 'etcd3';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { etcdRegistry } from '../src/index.ts';
import { idsOf, lineOf, service } from './records.ts';

await describeBackend('etcd', ({ start }) => {
  const undo: (() => unknown)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  /** A second member, without which the first has no leader. */
  async function joined(first: BackendServer): Promise<BackendServer> {
    const etcd = new Etcd3({ hosts: first.url });
    undo.push(() => etcd.close());
    const peer = `http://127.0.0.1:${await freePort()}`;
    const { members } = await etcd.cluster.memberAdd({ peerURLs: [peer] });
    const known = members.find(({ name }) => name === 'n1');
    const flags = {
      name: 'n2',
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `n1=${known?.peerURLs[0]},n2=${peer}`,
      'initial-cluster-state': 'existing',
    };
    return start({ args: Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`) });
  }

  test('a watch on a member that has lost its leader ends in unavailable; lookups there are answered', async () => {
    const first = await start();
    const second = await joined(first);
    const registry = etcdRegistry({ address: first.url });
    undo.push(() => registry.close());
    await registry.register(service('led', 'a'), { ttlMs: 60_000 });
    const lines: string[] = [];
    const { signal } = new AbortController();
    const watching = registry.watch('led', (change) => lines.push(lineOf(change)), { signal });
    watching.catch(() => {}); // looked at below
    await eventually(() => expect(lines).toEqual(['list a']));
    await second.kill();
    expect((await rejects(watching, 'unavailable')).message).toMatch(/no leader/);
    expect(idsOf(await registry.getService('led'))).toEqual(['a']);
    await second.start();
    const again: string[] = [];
    const begun = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const seen = (change: RegistryChange): void => resolve(void again.push(lineOf(change)));
        registry.watch('led', seen, { signal }).catch(reject);
      });
    await eventually(begun, { timeoutMs: 30_000 }); // the server has only begun
    expect(again).toEqual(['list a']);
  }, 60_000);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
