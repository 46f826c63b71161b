import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { type BrokerHarness, brokerSuite, runUnder } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { rabbitmqBroker } from '../src/index.ts';

await describeBackend('rabbitmq', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  }, 60_000);
  const harness: BrokerHarness = {
    name: 'rabbitmq',
    features: rabbitmqBroker().features,
    create: () => rabbitmqBroker({ address: server.url }),
    breakBackend: () => server.stop(),
    restoreBackend: () => server.start(),
  };
  runUnder({ describe, test, afterAll }, brokerSuite, harness);
});
