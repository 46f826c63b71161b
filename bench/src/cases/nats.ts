import { apart, type BenchCase, turns } from '../bench-case.ts';
import { hello } from '../work.ts';

export const natsCases: readonly BenchCase[] = [
  {
    name: 'nats',
    about: "a call over NATS in go-micro's encoding, JSON both ways; against the client library's request",
    ...apart,
    reference: 'nats-request',
    contenders: ['nats'],
    work: hello,
    inFlight: [64, 256, 1],
    ...turns,
    targets: [{ contender: 'nats', inFlight: 64, figure: 'ratio', atLeast: 2 }],
  },
];
