import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { type BrokerHarness, brokerSuite, runUnder } from '@micro/conformance';
import type { BackendName, BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { natsBroker } from '../src/index.ts';

const servers: readonly BackendName[] = ['nats', 'nats-debian'];
for (const name of servers) {
  await describeBackend(name, ({ start }) => {
    let server: BackendServer;
    beforeAll(async () => {
      server = await start();
    });
    for (const jetstream of [true, false]) {
      const harness: BrokerHarness = {
        name: jetstream ? 'nats' : 'nats without JetStream',
        features: natsBroker({ jetstream }).features,
        create: () => natsBroker({ address: server.url, jetstream, redeliverAfterMs: 2_000 }),
        breakBackend: () => server.stop(),
        restoreBackend: () => server.start(),
      };
      runUnder({ describe, test, afterAll }, brokerSuite, harness);
    }
  });
}
