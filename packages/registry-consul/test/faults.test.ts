import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { type RegistryFaultHarness, registryFaultSuite, runUnder } from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { startTestProcess } from '../../../scripts/lib/test-process.mjs';
import { consulRegistry } from '../src/index.ts';
import { management } from './access.ts';
import { populate } from './catalog.ts';

// Consul takes no address that stands for all.
const nodes = [{ id: 'anywhere', address: '0.0.0.0:80', metadata: {} }];

await describeBackend('consul', ({ start }) => {
  let server: BackendServer;
  let guarded: BackendServer;
  beforeAll(async () => {
    server = await start();
    guarded = await start({ token: management });
  });
  const harness: RegistryFaultHarness = {
    name: 'consul',
    features: consulRegistry().features,
    ttlMs: 1_000,
    // An agent whose word to the servers is lost, on a busy machine, says it again after 15 s (agent/ae, retryFailIntv)
    patienceMs: 30_000,
    create: () => consulRegistry({ address: server.url }),
    createAt: (address) => consulRegistry({ address }),
    createRefused: () =>
      consulRegistry({ address: guarded.url, token: '00000000-0000-0000-0000-00000000dead' }),
    refusal: /ACL not found/,
    rejected: {
      record: { name: 'anywhere', version: '1', metadata: {}, endpoints: [], nodes },
      code: 'bad_request',
      reason: /Invalid service address/,
    },
    startProcess: (name, ttlMs) =>
      startTestProcess(new URL('peer.ts', import.meta.url), [server.url, name, String(ttlMs)], 'registered'),
    // As many agents would: one that has all of them would be at it for minutes. Watches are more than connections.
    crowd: { watched: 150, populate: (services) => populate(server.url, services) },
    get server() {
      return server;
    },
    get port() {
      return Number(new URL(server.url).port);
    },
  };
  runUnder({ describe, test, afterAll }, registryFaultSuite, harness);
});
