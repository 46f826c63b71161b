import { afterAll, describe, test } from '@jest/globals';
import { type BrokerHarness, brokerSuite, runUnder } from '@micro/conformance';
import { memoryBroker } from '../src/memory-broker.ts';

const harness: BrokerHarness = {
  name: 'memory',
  features: memoryBroker().features,
  create: () => memoryBroker({ network: 'conformance' }),
  quietMs: 50,
};

runUnder({ describe, test, afterAll }, brokerSuite, harness);
