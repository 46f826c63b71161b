import type { BenchCase } from '../bench-case.ts';
import { hello, large } from '../work.ts';

export const tcpCases: readonly BenchCase[] = [
  {
    name: 'tcp',
    about:
      'a call over the frames on TCP between two processes, JSON both ways; against frames by hand that are written once per tick',
    processes: 2,
    reference: 'limit-tick',
    contenders: ['tcp', 'tcp-ambient'],
    work: hello,
    inFlight: [64, 256, 1],
    turn: { ms: 150 },
    rounds: 12,
    targets: [
      { contender: 'tcp', inFlight: 64, figure: 'ratio', atLeast: 1.2 },
      { contender: 'tcp', inFlight: 256, figure: 'ratio', atLeast: 0.9 },
      { contender: 'tcp', inFlight: 1, figure: 'p50Ratio', atMost: 1.05 },
      { contender: 'tcp-ambient', inFlight: 64, figure: 'ratio', atLeast: 0.9 },
    ],
  },
  {
    name: 'tcp-moleculer',
    about: "the same against Moleculer 0.14's TCP transporter",
    processes: 2,
    reference: 'moleculer-tcp',
    contenders: ['tcp'],
    work: hello,
    inFlight: [64],
    turn: { ms: 150 },
    rounds: 12,
    targets: [{ contender: 'tcp', inFlight: 64, figure: 'ratio', atLeast: 5 }],
  },
  {
    name: 'tcp-16k',
    about: 'the same with a text of 16 KiB there and back; against frames by hand',
    processes: 2,
    reference: 'limit-tick',
    contenders: ['tcp'],
    work: large,
    inFlight: [64],
    turn: { ms: 150 },
    rounds: 12,
    targets: [{ contender: 'tcp', inFlight: 64, figure: 'ratio', atLeast: 0.95 }],
  },
  {
    name: 'tcp-port',
    about: 'the frames on the port of the HTTP transport, against those of the TCP transport',
    processes: 2,
    reference: 'tcp',
    contenders: ['http-frames'],
    work: hello,
    inFlight: [64],
    turn: { ms: 150 },
    rounds: 12,
    targets: [{ contender: 'http-frames', inFlight: 64, figure: 'ratio', atLeast: 0.95 }],
  },
];
