import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { runUnder, type TransportBackendHarness, transportBackendFaultSuite } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { rabbitmqTransport } from '../src/index.ts';

await describeBackend('rabbitmq', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  }, 60_000);
  const harness: TransportBackendHarness = {
    name: 'rabbitmq',
    features: rabbitmqTransport().features,
    create: () => rabbitmqTransport({ address: server.url, heartbeatMs: 2_000 }),
    createAt: (address) => rabbitmqTransport({ address, heartbeatMs: 2_000 }),
    createRefused: () => rabbitmqTransport({ address: server.url, user: 'guest', password: 'wrong' }),
    refusal: /ACCESS[_-]REFUSED/i,
    address: () => ':0',
    get server() {
      return server;
    },
    get port() {
      return Number(new URL(server.url).port);
    },
  };
  runUnder({ describe, test, afterAll }, transportBackendFaultSuite, harness);
});
