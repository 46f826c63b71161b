import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { type BrokerFaultHarness, brokerFaultSuite, runUnder } from '@micro/conformance';
import type { Broker, Message } from '@micro/core';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { bundled } from '../../../testing/bundled.ts';
import { rabbitmqBroker } from '../src/index.ts';

const memberFile = bundled(new URL('./member.ts', import.meta.url));

const textOf = (length: number): Message => ({
  header: { 'content-type': 'text/plain', 'micro-id': '1' },
  body: new Uint8Array(length),
});

await describeBackend('rabbitmq', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start({ config: ['max_message_size = 100000'] });
  }, 60_000);
  const port = (): number => Number(new URL(server.url).port);
  const at = (to: number, password = 'guest'): Broker =>
    rabbitmqBroker({ address: `127.0.0.1:${to}`, password, heartbeatMs: 2_000, timeoutMs: 3_000 });
  const harness: BrokerFaultHarness = {
    name: 'rabbitmq',
    features: rabbitmqBroker().features,
    create: () => at(port()),
    createAt: (to) => at(to),
    server: () => server,
    port,
    address: () => server.url,
    memberFile,
    refused: {
      create: () => at(port(), 'wrong'),
      code: 'unauthorized',
      reason: /ACCESS_REFUSED - Login was refused/,
    },
    rejected: [
      {
        topic: 'large',
        message: textOf(100_001),
        code: 'too_large',
        reason: /message size 100001 .* 100000/,
      },
    ],
    settledMs: 2_000,
    note: (text) => process.stderr.write(`rabbitmq: ${text}\n`),
  };
  runUnder({ describe, test, afterAll }, brokerFaultSuite, harness);
});
