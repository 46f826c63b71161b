import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { type BrokerFaultHarness, brokerFaultSuite, runUnder } from '@micro/conformance';
import type { BackendName, BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { bundled } from '../../../testing/bundled.ts';
import { message } from '../../../testing/events.ts';
import { natsBroker } from '../src/index.ts';

const memberFile = bundled(new URL('./member.ts', import.meta.url));

const config = `
  max_payload: 400000
  authorization {
    users: [
      { user: any, password: secret, permissions: { publish: { deny: "forbidden" } } }
    ]
  }
`;

const servers: readonly BackendName[] = ['nats', 'nats-debian'];
for (const name of servers) {
  await describeBackend(name, ({ start }) => {
    let server: BackendServer;
    beforeAll(async () => {
      server = await start({ config });
    });
    const port = (): number => Number(new URL(server.url).port);
    const options = { redeliverAfterMs: 2_000, pingIntervalMs: 1_000, timeoutMs: 3_000 };
    const at = (login: string, to: number) =>
      natsBroker({ address: `nats://${login}@127.0.0.1:${to}`, ...options });
    const harness: BrokerFaultHarness = {
      name: 'nats',
      features: natsBroker().features,
      create: () => at('any:secret', port()),
      createAt: (to) => at('any:secret', to),
      server: () => server,
      port,
      address: () => `nats://any:secret@127.0.0.1:${port()}`,
      memberFile,
      refused: {
        create: () => at('any:wrong', port()),
        code: 'unauthorized',
        reason: /Authorization Violation/i,
      },
      rejected: [
        {
          topic: 'forbidden',
          message: message('x'),
          code: 'forbidden',
          reason: /Permissions Violation for Publish to "forbidden"/i,
        },
        {
          topic: 'large',
          message: message('x'.repeat(300_001)),
          code: 'too_large',
          reason: /max_payload/,
        },
      ],
      note: (text) => process.stderr.write(`${name}: ${text}\n`),
    };
    runUnder({ describe, test, afterAll }, brokerFaultSuite, harness);
  });
}
