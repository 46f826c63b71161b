import { apart, type BenchCase, inside, type Target } from '../bench-case.ts';
import { hello } from '../work.ts';

export const heapCases: readonly BenchCase[] = [
  {
    name: 'heap',
    about: 'growth of the heap over 1,000,000 calls inside one process',
    ...inside,
    reference: 'memory',
    contenders: ['memory-ambient', 'null-core'],
    work: hello,
    inFlight: [64],
    turn: { calls: 100_000 },
    rounds: 10,
    targets: [noGrowth('memory'), noGrowth('memory-ambient'), noGrowth('null-core')],
  },
  {
    name: 'heap-http',
    about: 'growth of the heaps of client and server over 1,000,000 calls over HTTP/1.1',
    ...apart,
    reference: 'http',
    contenders: [],
    work: hello,
    inFlight: [64],
    turn: { calls: 100_000 },
    rounds: 10,
    targets: [noGrowth('http')],
  },
];

/** An object kept for each call would be 16 bytes at least; tables and code that V8 makes late are less than one. */
function noGrowth(contender: string): Target {
  return { contender, inFlight: 64, figure: 'heapBytes', atMost: 1 };
}
