import { type BenchCase, inside, turns } from '../bench-case.ts';
import { echo, hello } from '../work.ts';

export const coreCases: readonly BenchCase[] = [
  {
    name: 'core-share',
    about:
      'CPU of core in a call, both sides: a transport without I/O, minus the same driven by hand with JSON',
    ...inside,
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
    ...inside,
    reference: 'lookup-one',
    contenders: ['lookup-ten', 'lookup-thousand'],
    work: echo,
    inFlight: [64],
    ...turns,
    targets: [
      { contender: 'lookup-ten', inFlight: 64, figure: 'shareUs', atMost: 1 },
      { contender: 'lookup-thousand', inFlight: 64, figure: 'shareUs', atMost: 1 },
    ],
  },
  {
    name: 'lookup-nodes',
    about: "the client's half of a call to a service of 10, 100 or 1,000 nodes; against one node",
    ...inside,
    reference: 'lookup-one',
    contenders: ['nodes-10', 'nodes-100', 'nodes-1000'],
    work: echo,
    inFlight: [64],
    ...turns,
    targets: [{ contender: 'nodes-1000', inFlight: 64, figure: 'shareUs', atMost: 0.2 }],
  },
];
