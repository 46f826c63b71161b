import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { type BrokerFaultHarness, brokerFaultSuite, runUnder } from '@micro/conformance';
import type { Broker, Message } from '@micro/core';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { bundled } from '../../../testing/bundled.ts';
import { kafkaBroker } from '../src/index.ts';

const memberFile = bundled(new URL('./member.ts', import.meta.url));

const textOf = (length: number): Message => ({
  header: { 'content-type': 'text/plain', 'micro-id': '1' },
  body: new Uint8Array(length),
});

await describeBackend('kafka', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start({ config: ['message.max.bytes=100000'] });
  }, 60_000);
  const portOf = (name: string): number => Number(server.addresses[name]?.split(':')[1]);
  const options = { partitions: 4, sessionMs: 3_000, timeoutMs: 3_000 };
  const at = (address: string): Broker => kafkaBroker({ address, ...options });
  const harness: BrokerFaultHarness = {
    name: 'kafka',
    features: kafkaBroker().features,
    create: () => at(server.url),
    // Kafka tells its clients where to go: to the proxy, those who come to this port
    createAt: (port) => at(`127.0.0.1:${port}`),
    server: () => server,
    port: () => portOf('proxied'),
    proxyPort: () => portOf('proxy'),
    address: () => server.url,
    memberFile,
    refused: {
      create: () =>
        kafkaBroker({ address: server.addresses.sasl ?? '', user: 'alice', password: 'wrong', ...options }),
      code: 'unauthorized',
      reason: /Authentication failed/i,
    },
    rejected: [
      {
        topic: 'large',
        message: textOf(100_001),
        code: 'too_large',
        reason: /larger than the max message size/,
      },
    ],
    takeoverMs: 5_000,
    note: (text) => process.stderr.write(`kafka: ${text}\n`),
  };
  runUnder({ describe, test, afterAll }, brokerFaultSuite, harness);
});
