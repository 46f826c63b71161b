import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { registrySuite, runUnder } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { zookeeperRegistry } from '../src/index.ts';

await describeBackend('zookeeper', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  });
  runUnder({ describe, test, afterAll }, registrySuite, {
    name: 'zookeeper',
    features: zookeeperRegistry().features,
    ttlMs: 1_000,
    create: () => zookeeperRegistry({ address: server.url, sessionTimeoutMs: 1_000, timeoutMs: 2_000 }),
    breakBackend: () => server.stop(),
    restoreBackend: () => server.start(),
  });
});
