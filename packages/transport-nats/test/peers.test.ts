import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { runUnder, type TransportFaultHarness, transportFaultSuite } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { bundled } from '../../../testing/bundled.ts';
import { natsTransport } from '../src/index.ts';

// The other faults of that suite are those of a TCP connection between the two: faults.test.ts has ours. And a client
// that does not read is cut off by the NATS server, at 64 MB or after 10 s: that is its pushback
const peerFaults = transportFaultSuite.cases.filter(({ name }) =>
  /^a (?:peer that is (?:killed|frozen)|server that is drained)/.test(name),
);

await describeBackend('nats', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  });
  const peerFile = bundled(new URL('./peer.ts', import.meta.url), () => ({ serverUrl: server.url }));
  const harness: TransportFaultHarness = {
    name: 'nats',
    features: natsTransport().features,
    create: () => natsTransport({ address: server.url, probeIntervalMs: 500 }),
    peerFile,
    address: () => ':0',
  };
  runUnder({ describe, test, afterAll }, { ...transportFaultSuite, cases: peerFaults }, harness);
});
