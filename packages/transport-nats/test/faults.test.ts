import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { runUnder, type TransportBackendHarness, transportBackendFaultSuite } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { natsTransport } from '../src/index.ts';

for (const name of ['nats', 'nats-debian'] as const) {
  await describeBackend(name, ({ start }) => {
    let server: BackendServer;
    let guarded: BackendServer;
    beforeAll(async () => {
      server = await start();
      guarded = await start({ config: 'authorization { user: ada, password: secret }' });
    });
    const harness: TransportBackendHarness = {
      name,
      features: natsTransport().features,
      create: () => natsTransport({ address: server.url }),
      createAt: (address) => natsTransport({ address }),
      createRefused: () => natsTransport({ address: guarded.url, user: 'ada', password: 'wrong' }),
      refusal: /authorization violation/i,
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
}
