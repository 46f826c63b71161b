import { afterAll, describe, test } from '@jest/globals';
import { runUnder, type TransportHarness, transportSuite } from '@micro/conformance';
import { memoryTransport } from '../src/memory-transport.ts';

const harness: TransportHarness = {
  name: 'memory',
  features: memoryTransport().features,
  create: () => memoryTransport({ network: 'conformance' }),
};

runUnder({ describe, test, afterAll }, transportSuite, harness);
