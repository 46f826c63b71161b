import { apart, type BenchCase, turns } from '../bench-case.ts';
import { hello } from '../work.ts';

export const httpCases: readonly BenchCase[] = [
  {
    name: 'http',
    about: 'a call over HTTP/1.1 between two processes, JSON both ways; against undici and node:http',
    ...apart,
    reference: 'undici-pool',
    contenders: ['http'],
    work: hello,
    inFlight: [64, 256, 1],
    ...turns,
    targets: [
      { contender: 'http', inFlight: 64, figure: 'ratio', atLeast: 1.8 },
      { contender: 'http', inFlight: 256, figure: 'ratio', atLeast: 1.8 },
      { contender: 'http', inFlight: 1, figure: 'p50Ratio', atMost: 0.9 },
    ],
  },
];
