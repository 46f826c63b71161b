import { afterAll, describe, test } from '@jest/globals';
import { type RegistryHarness, registrySuite, runUnder } from '@micro/conformance';
import { memoryRegistry } from '../src/memory-registry.ts';

const harness: RegistryHarness = {
  name: 'memory',
  features: memoryRegistry().features,
  create: () => memoryRegistry({ network: 'conformance' }),
  ttlMs: 100,
};

runUnder({ describe, test, afterAll }, registrySuite, harness);
