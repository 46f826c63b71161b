import { type BenchCase, inside } from '../bench-case.ts';
import { hello } from '../work.ts';

const [major = 0] = process.versions.node.split('.').map(Number);
// Entering a context makes every promise of the process dearer, until Node 24 with its AsyncContextFrame
const dearContexts = major < 24;

export const memoryCases: readonly BenchCase[] = [
  {
    name: 'memory',
    about: 'a call inside one process: contract, selector, deadline, no codec; against Moleculer in process',
    ...inside,
    reference: 'moleculer',
    contenders: ['memory', 'memory-ambient'],
    work: hello,
    inFlight: [64],
    turn: { ms: 150 },
    rounds: 15,
    targets: [
      { contender: 'memory', inFlight: 64, figure: 'ratio', atLeast: 1.5 },
      { contender: 'memory-ambient', inFlight: 64, figure: 'ratio', atLeast: dearContexts ? 0.75 : 1 },
    ],
  },
];
