import type { BenchCase, Target } from './bench-case.ts';
import { echo, hello } from './work.ts';

const [major = 0] = process.versions.node.split('.').map(Number);
// Entering a context makes every promise of the process dearer, until Node 24 with its AsyncContextFrame
const dearContexts = major < 24;

/** Every case; the targets are those of the issue that asked for them. */
export const cases: readonly BenchCase[] = [
  {
    name: 'memory',
    about: 'a call inside one process: contract, selector, deadline, no codec; against Moleculer in process',
    processes: 1,
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
  {
    name: 'http',
    about: 'a call over HTTP/1.1 between two processes, JSON both ways; against undici and node:http',
    processes: 2,
    reference: 'undici-pool',
    contenders: ['http'],
    work: hello,
    inFlight: [64, 256, 1],
    turn: { ms: 150 },
    rounds: 12,
    targets: [
      { contender: 'http', inFlight: 64, figure: 'ratio', atLeast: 1.8 },
      { contender: 'http', inFlight: 256, figure: 'ratio', atLeast: 1.8 },
      { contender: 'http', inFlight: 1, figure: 'p50Ratio', atMost: 0.9 },
    ],
  },
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
  {
    name: 'heap',
    about: 'growth of the heap over 1,000,000 calls inside one process',
    processes: 1,
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
    processes: 2,
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
