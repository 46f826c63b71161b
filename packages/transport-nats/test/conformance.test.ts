import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { runUnder, type TransportHarness, transportSuite } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { natsTransport } from '../src/index.ts';

for (const name of ['nats', 'nats-debian'] as const) {
  await describeBackend(name, ({ start }) => {
    let server: BackendServer;
    // the suite sends 1 MiB in one message of a stream, and base64 makes a third more of it
    beforeAll(async () => {
      server = await start({ config: 'max_payload: 8MB' });
    });
    const harness: TransportHarness = {
      name,
      features: natsTransport().features,
      create: () => natsTransport({ address: server.url }),
      address: () => ':0',
      badAddress: 'a subject with blanks',
    };
    runUnder({ describe, test, afterAll }, transportSuite, harness);
  });
}
