import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { registrySuite, runUnder } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { etcdRegistry } from '../src/index.ts';

await describeBackend('etcd', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  });
  runUnder({ describe, test, afterAll }, registrySuite, {
    name: 'etcd',
    features: etcdRegistry().features,
    ttlMs: 1_000,
    create: () => etcdRegistry({ address: server.url }),
    breakBackend: () => server.stop(),
    restoreBackend: () => server.start(),
  });
});
