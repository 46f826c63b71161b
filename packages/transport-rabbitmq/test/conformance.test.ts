import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { runUnder, type TransportHarness, transportSuite } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { rabbitmqTransport } from '../src/index.ts';

await describeBackend('rabbitmq', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  }, 60_000);
  const harness: TransportHarness = {
    name: 'rabbitmq',
    features: rabbitmqTransport().features,
    create: () => rabbitmqTransport({ address: server.url }),
    address: () => ':0',
    badAddress: 'a.#.pattern',
  };
  runUnder({ describe, test, afterAll }, transportSuite, harness);
});
