import type { BenchCase } from '../bench-case.ts';
import { echo, hello } from '../work.ts';

export const coreCases: readonly BenchCase[] = [
  {
    name: 'core-share',
    about:
      'CPU of core in a call, both sides: a transport without I/O, minus the same driven by hand with JSON',
    processes: 1,
    reference: 'null-bare',
    contenders: ['null-core', 'null-core-ambient', 'null-bare-values'],
    work: hello,
    inFlight: [64],
    turn: { ms: 1000 },
    rounds: 4,
    targets: [
      { contender: 'null-core', inFlight: 64, figure: 'shareUs', atMost: 1 },
      { contender: 'null-core-ambient', inFlight: 64, figure: 'shareUs', atMost: 2.5 },
    ],
  },
  {
    name: 'lookup',
    about:
      "the client's half of a call by name: 1,000 services of 10 nodes known, ten or all of them called in turn; against 1 of 1",
    processes: 1,
    reference: 'lookup-one',
    contenders: ['lookup-ten', 'lookup-thousand'],
    work: echo,
    inFlight: [64],
    turn: { ms: 150 },
    rounds: 12,
    targets: [
      { contender: 'lookup-ten', inFlight: 64, figure: 'shareUs', atMost: 1 },
      { contender: 'lookup-thousand', inFlight: 64, figure: 'shareUs', atMost: 1 },
    ],
  },
];
