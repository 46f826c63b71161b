import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { registrySuite, runUnder } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { natsRegistry } from '../src/index.ts';

for (const name of ['nats', 'nats-debian'] as const) {
  await describeBackend(name, ({ start }) => {
    let server: BackendServer;
    beforeAll(async () => {
      server = await start();
    });
    runUnder({ describe, test, afterAll }, registrySuite, {
      name,
      features: natsRegistry().features,
      ttlMs: 500,
      create: () => natsRegistry({ address: server.url }),
      breakBackend: () => server.stop(),
      restoreBackend: () => server.start(),
    });
  });
}
