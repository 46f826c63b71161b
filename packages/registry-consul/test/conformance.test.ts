import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { registrySuite, runUnder } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { consulRegistry } from '../src/index.ts';

await describeBackend('consul', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  });
  runUnder({ describe, test, afterAll }, registrySuite, {
    name: 'consul',
    features: consulRegistry().features,
    ttlMs: 1_000,
    // An agent whose word to the servers is lost, on a busy machine, says it again after 15 s (agent/ae, retryFailIntv)
    patienceMs: 30_000,
    create: () => consulRegistry({ address: server.url }),
    breakBackend: () => server.stop(),
    restoreBackend: () => server.start(),
  });
});
