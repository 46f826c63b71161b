import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { type RegistryFaultHarness, registryFaultSuite, runUnder } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { startTestProcess } from '../../../scripts/lib/test-process.mjs';
import { zookeeperRegistry } from '../src/index.ts';

// Over ZooKeeper's 1 MiB for a node, of which it says nothing itself.
const nodes = [{ id: 'big', address: '127.0.0.1:1', metadata: { big: 'x'.repeat(1_100_000) } }];

await describeBackend('zookeeper', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  });
  // Long enough for a busy machine: a session ends when its process has said nothing for so long.
  const sessionTimeoutMs = 10_000;
  const harness: RegistryFaultHarness = {
    name: 'zookeeper',
    features: zookeeperRegistry().features,
    ttlMs: sessionTimeoutMs,
    create: () => zookeeperRegistry({ address: server.url, sessionTimeoutMs }),
    createAt: (address) => zookeeperRegistry({ address, sessionTimeoutMs }),
    rejected: {
      record: { name: 'big', version: '1', metadata: {}, endpoints: [], nodes },
      code: 'too_large',
      reason: /1 MiB/,
    },
    crowd: {
      // Sessions that outlast the work on a busy machine
      async populate(services) {
        const registry = zookeeperRegistry({ address: server.url, sessionTimeoutMs: 60_000 });
        for (const service of services) await registry.register(service, { ttlMs: 3_600_000 });
        return () => registry.close();
      },
    },
    startProcess: (name, ttlMs) =>
      startTestProcess(new URL('peer.ts', import.meta.url), [server.url, name, String(ttlMs)], 'registered'),
    get server() {
      return server;
    },
    get port() {
      return Number(server.url.split(':')[1]);
    },
  };
  runUnder({ describe, test, afterAll }, registryFaultSuite, harness);
});
