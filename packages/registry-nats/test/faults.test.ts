import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { type RegistryFaultHarness, registryFaultSuite, runUnder } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { startTestProcess } from '../../../scripts/lib/test-process.mjs';
import { natsRegistry } from '../src/index.ts';

// Over the 1 MiB that a NATS server takes as a message
const metadata = { big: 'x'.repeat(1_100_000) };
const node = { id: 'big', address: '127.0.0.1:1', metadata };

for (const name of ['nats', 'nats-debian'] as const) {
  await describeBackend(name, ({ start }) => {
    let server: BackendServer;
    let guarded: BackendServer;
    beforeAll(async () => {
      server = await start();
      guarded = await start({ config: 'authorization { user: ada, password: secret }' });
    });
    const harness: RegistryFaultHarness = {
      name,
      features: natsRegistry().features,
      ttlMs: 1_000,
      create: () => natsRegistry({ address: server.url }),
      createAt: (address) => natsRegistry({ address }),
      createRefused: () => natsRegistry({ address: guarded.url, user: 'ada', password: 'wrong' }),
      refusal: /authorization violation/i,
      rejected: {
        record: { name: 'big', version: '1', metadata: {}, endpoints: [], nodes: [node] },
        code: 'too_large',
        reason: /the server takes 1048576 \(max_payload\)/,
      },
      startProcess: (service, ttlMs) =>
        startTestProcess(
          new URL('peer.ts', import.meta.url),
          [server.url, service, String(ttlMs)],
          'registered',
        ),
      get server() {
        return server;
      },
      get port() {
        return Number(new URL(server.url).port);
      },
    };
    runUnder({ describe, test, afterAll }, registryFaultSuite, harness);
  });
}
