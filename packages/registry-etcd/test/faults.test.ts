import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { type RegistryFaultHarness, registryFaultSuite, runUnder } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { startTestProcess } from '../../../scripts/lib/test-process.mjs';
import { etcdRegistry } from '../src/index.ts';
import { enableAuth } from './auth.ts';

// Over etcd's 1.5 MiB for a request.
const metadata = { big: 'x'.repeat(1_600_000) };
const node = { id: 'big', address: '127.0.0.1:1', metadata };

await describeBackend('etcd', ({ start }) => {
  let server: BackendServer;
  let guarded: BackendServer;
  beforeAll(async () => {
    server = await start();
    guarded = await start();
    await enableAuth(guarded.url);
  });
  const harness: RegistryFaultHarness = {
    name: 'etcd',
    features: etcdRegistry().features,
    ttlMs: 1_000,
    create: () => etcdRegistry({ address: server.url }),
    createAt: (address) => etcdRegistry({ address }),
    createRefused: () => etcdRegistry({ address: guarded.url, username: 'reader', password: 'wrong' }),
    refusal: /authentication failed, invalid user ID or password/,
    rejected: {
      record: { name: 'big', version: '1', metadata: {}, endpoints: [], nodes: [node] },
      code: 'too_large',
      reason: /request is too large/,
    },
    startProcess: (name, ttlMs) =>
      startTestProcess(new URL('peer.ts', import.meta.url), [server.url, name, String(ttlMs)], 'registered'),
    get server() {
      return server;
    },
    get port() {
      return Number(new URL(server.url).port);
    },
  };
  runUnder({ describe, test, afterAll }, registryFaultSuite, harness);
});
