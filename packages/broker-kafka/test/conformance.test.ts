import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { type BrokerHarness, brokerSuite, runUnder } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { kafkaBroker } from '../src/index.ts';

await describeBackend('kafka', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  }, 60_000);
  const harness: BrokerHarness = {
    name: 'kafka',
    patienceMs: 20_000, // a change of members takes its rounds
    features: kafkaBroker().features,
    create: () => kafkaBroker({ address: server.url, partitions: 4, sessionMs: 2_000, timeoutMs: 3_000 }),
    breakBackend: () => server.stop(),
    restoreBackend: () => server.start(),
  };
  runUnder({ describe, test, afterAll }, brokerSuite, harness);
});
