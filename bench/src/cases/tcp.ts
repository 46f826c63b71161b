import { apart, type BenchCase, turns } from '../bench-case.ts';
import { hello, large, messages } from '../work.ts';

const calls = { ...apart, ...turns, work: hello } as const;
// the first comparisons of both ways come soon after each other, and so cost more: a matter of seconds
const settled = 1_000_000;
// trying both ways now and then costs up to a hundredth; the rest is scatter
const noLoss = [64, 256].map(
  (n) => ({ contender: 'tcp', inFlight: n, figure: 'ratio', atLeast: 0.97 }) as const,
);
const curve = [10, 100, 1_000];

export const tcpCases: readonly BenchCase[] = [
  {
    ...calls,
    name: 'tcp',
    about:
      'a call over the frames on TCP between two processes, JSON both ways; against frames by hand that are written once per tick',
    reference: 'limit-tick',
    contenders: ['tcp', 'tcp-ambient'],
    inFlight: [64, 256, 1],
    targets: [
      { contender: 'tcp', inFlight: 64, figure: 'ratio', atLeast: 1.2 },
      { contender: 'tcp', inFlight: 256, figure: 'ratio', atLeast: 0.9 },
      { contender: 'tcp', inFlight: 1, figure: 'p50Ratio', atMost: 1.05 },
      { contender: 'tcp-ambient', inFlight: 64, figure: 'ratio', atLeast: 0.9 },
    ],
  },
  {
    ...calls,
    name: 'tcp-moleculer',
    about: "the same against Moleculer 0.14's TCP transporter",
    reference: 'moleculer-tcp',
    contenders: ['tcp'],
    inFlight: [64],
    targets: [{ contender: 'tcp', inFlight: 64, figure: 'ratio', atLeast: 5 }],
  },
  {
    ...calls,
    name: 'tcp-16k',
    about: 'the same with a text of 16 KiB there and back; against frames by hand',
    reference: 'limit-tick',
    contenders: ['tcp'],
    work: large,
    inFlight: [64],
    targets: [{ contender: 'tcp', inFlight: 64, figure: 'ratio', atLeast: 0.95 }],
  },
  {
    ...calls,
    name: 'tcp-port',
    about: 'the frames on the port of the HTTP transport, against those of the TCP transport',
    reference: 'tcp',
    contenders: ['http-frames'],
    inFlight: [64],
    targets: [{ contender: 'http-frames', inFlight: 64, figure: 'ratio', atLeast: 0.95 }],
  },
  {
    ...calls,
    name: 'tcp-stream',
    about: 'the next small message of one of 64 server streams; against streams by hand-made frames',
    reference: 'limit-tick',
    contenders: ['tcp'],
    work: messages,
    inFlight: [64],
    targets: [{ contender: 'tcp', inFlight: 64, figure: 'callsPerSecond', atLeast: 500_000 }],
  },
  {
    ...calls,
    name: 'tcp-four-clients',
    about:
      'four clients and one server, on all cores: long batches cut as they are by default, against never',
    clients: 4,
    cores: 'any',
    warmCalls: settled,
    turn: { ms: 400 },
    rounds: 8,
    reference: 'tcp-uncut',
    contenders: ['tcp'],
    inFlight: [64, 256],
    targets: noLoss,
  },
  {
    ...calls,
    name: 'tcp-one-core',
    about: 'the same with one client and one server that share one core',
    cores: 'one',
    warmCalls: settled,
    turn: { ms: 400 },
    rounds: 8,
    reference: 'tcp-uncut',
    contenders: ['tcp'],
    inFlight: [64, 256],
    targets: noLoss,
  },
  {
    ...calls,
    name: 'tcp-crowd',
    about:
      'a quiet caller beside 10,000 idle connections, 100,000 calls that wait in their handlers, 100,000 always under way; against none of these',
    reference: 'tcp',
    contenders: ['tcp-idle-connections', 'tcp-held-calls', 'tcp-busy-calls'],
    inFlight: [1],
    turn: { ms: 1_000 },
    rounds: 4,
    targets: ['tcp-idle-connections', 'tcp-held-calls'].flatMap((contender) => [
      { contender, inFlight: 1, figure: 'p99Ratio', atMost: 1.5 },
      { contender, inFlight: 1, figure: 'rssAboveMb', atMost: 200 },
    ]),
  },
  {
    ...calls,
    name: 'tcp-nodes',
    about:
      'a call to a service of 10, 100 or 1,000 nodes, each with its connection to one process; against one node',
    reference: 'tcp',
    contenders: curve.map((count) => `tcp-nodes-${count}`),
    inFlight: [1, 64],
    warmCalls: 20_000,
    rounds: 8,
    targets: [{ contender: 'tcp-nodes-1000', inFlight: 1, figure: 'p50Ratio', atMost: 1.1 }],
  },
  ...curve.map(
    (count): BenchCase => ({
      ...calls,
      name: `tcp-nodes-limit-${count}`,
      about: `a call to a service of ${count} nodes, each with its connection; against as many connections by hand`,
      reference: `limit-nodes-${count}`,
      contenders: [`tcp-nodes-${count}`],
      inFlight: [64],
      warmCalls: 20_000,
      rounds: 8,
      targets: [],
    }),
  ),
  {
    ...calls,
    name: 'tcp-endpoints',
    about: 'calls to all of 10, 100 or 1,000 endpoints in turn; against one endpoint',
    reference: 'tcp',
    contenders: curve.map((count) => `tcp-endpoints-${count}`),
    inFlight: [64],
    rounds: 8,
    targets: [{ contender: 'tcp-endpoints-1000', inFlight: 64, figure: 'ratio', atLeast: 0.9 }],
  },
];
