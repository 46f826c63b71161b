import { afterAll, describe, test } from '@jest/globals';
import { type BrokerHarness, brokerSuite, runUnder } from '@micro/conformance';
import { brokerOf, network } from './world.ts';

const shared = network();

const harness: BrokerHarness = {
  name: 'http',
  features: new Set(['queue']),
  create() {
    // Short, because publish waits for handlers, and the suite has some that never end
    const { broker, service } = brokerOf(shared, { timeoutMs: 1_000 });
    return {
      ...broker,
      async close() {
        await broker.close();
        await service.stop();
      },
    };
  },
};

runUnder({ describe, test, afterAll }, brokerSuite, harness);
