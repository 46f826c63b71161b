import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { runUnder, type TransportFaultHarness, transportFaultSuite } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { bundled } from '../../../testing/bundled.ts';
import { rabbitmqTransport } from '../src/index.ts';

// The other faults of that suite are those of a TCP connection between the two: faults.test.ts has ours
const peerFaults = transportFaultSuite.cases.filter(({ name }) =>
  /^a (?:peer that is (?:killed|frozen)|server that is drained|reader that stops)/.test(name),
);

await describeBackend('rabbitmq', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  }, 60_000);
  const peerFile = bundled(new URL('./peer.ts', import.meta.url), () => ({ serverUrl: server.url }));
  const harness: TransportFaultHarness = {
    name: 'rabbitmq',
    features: rabbitmqTransport().features,
    create: () => rabbitmqTransport({ address: server.url, probeIntervalMs: 500 }),
    peerFile,
    address: () => ':0',
  };
  runUnder({ describe, test, afterAll }, { ...transportFaultSuite, cases: peerFaults }, harness);
});
