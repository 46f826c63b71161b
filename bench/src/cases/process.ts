import { apart, type BenchCase, inside } from '../bench-case.ts';
import { hello, nothing } from '../work.ts';

export const processCases: readonly BenchCase[] = [
  {
    name: 'cold-start',
    about:
      'a process that starts, connects and has its first reply; against one that uses node:net and nothing else',
    ...apart,
    reference: 'cold-net',
    contenders: ['cold-http', 'cold-tcp'],
    work: hello,
    inFlight: [1],
    turn: { ms: 500 },
    rounds: 10,
    targets: [
      { contender: 'cold-http', inFlight: 1, figure: 'p50Ratio', atMost: 1.5 },
      { contender: 'cold-tcp', inFlight: 1, figure: 'p50Ratio', atMost: 1.5 },
    ],
  },
  {
    name: 'idle',
    about: 'resident memory of a process whose service waits; against a process of Node that waits',
    ...inside,
    reference: 'idle-node',
    contenders: ['idle-http', 'idle-tcp'],
    work: nothing,
    inFlight: [1],
    turn: { ms: 50 },
    rounds: 3,
    targets: [
      { contender: 'idle-http', inFlight: 1, figure: 'rssAboveMb', atMost: 12 },
      { contender: 'idle-tcp', inFlight: 1, figure: 'rssAboveMb', atMost: 12 },
    ],
  },
];
