import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { runUnder, type TransportFaultHarness, transportFaultSuite } from '@micro/conformance';
import { build } from 'esbuild';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { rabbitmqTransport } from '../src/index.ts';

// The other faults of that suite are those of a TCP connection between the two: faults.test.ts has ours
const peerFaults = transportFaultSuite.cases.filter(({ name }) =>
  /^a (?:peer that is (?:killed|frozen)|server that is drained|reader that stops)/.test(name),
);

await describeBackend('rabbitmq', ({ start }) => {
  let server: BackendServer;
  let folder = '';
  beforeAll(async () => {
    server = await start();
    folder = await mkdtemp(join(tmpdir(), 'transport-rabbitmq-'));
    await build({
      entryPoints: [fileURLToPath(new URL('./peer.ts', import.meta.url))],
      outfile: join(folder, 'peer.mjs'),
      ...{ bundle: true, platform: 'node', format: 'esm', conditions: ['@micro/source'] },
      // the client library is CommonJS, and asks for Node's own modules by require
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      define: { serverUrl: JSON.stringify(server.url) },
    });
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true }));
  const harness: TransportFaultHarness = {
    name: 'rabbitmq',
    features: rabbitmqTransport().features,
    create: () => rabbitmqTransport({ address: server.url, probeIntervalMs: 500 }),
    peerFile: () => join(folder, 'peer.mjs'),
    address: () => ':0',
  };
  runUnder({ describe, test, afterAll }, { ...transportFaultSuite, cases: peerFaults }, harness);
});
