import { afterAll, describe, test } from '@jest/globals';
import { runUnder, type SelectorHarness, selectorSuite } from '@micro/conformance';
import { consistentHash, leastPending, peakEwma, random, roundRobin } from '../src/selectors.ts';

const harnesses: readonly SelectorHarness[] = [
  { name: 'least-pending', features: new Set(['pending', 'even']), create: leastPending },
  { name: 'peak-ewma', features: new Set(['pending', 'latency', 'even']), create: peakEwma },
  { name: 'round-robin', features: new Set(['even']), create: roundRobin },
  { name: 'random', features: new Set(['even']), create: random },
  { name: 'hash', features: new Set(['key', 'even']), create: () => consistentHash() },
];

for (const harness of harnesses) runUnder({ describe, test, afterAll }, selectorSuite, harness);
