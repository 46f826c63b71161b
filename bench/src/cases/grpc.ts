import { apart, type BenchCase } from '../bench-case.ts';
import { hello } from '../work.ts';

const inFlight = [64, 256, 1];
// node:http2 and grpc-js have so much code for a call that the first 4,000 take three times as long as later ones
const shared = {
  ...apart,
  work: hello,
  inFlight,
  turn: { ms: 150 },
  warmCalls: 10_000,
  rounds: 12,
} as const;

export const grpcCases: readonly BenchCase[] = [
  {
    ...shared,
    name: 'grpc',
    about: 'a unary call over gRPC between two processes, JSON both ways; against bare grpc-js',
    reference: 'grpc-js',
    contenders: ['grpc'],
    targets: inFlight.map((n) => ({ contender: 'grpc', inFlight: n, figure: 'ratio', atLeast: 0.95 })),
  },
  {
    ...shared,
    name: 'grpc-stream',
    about: 'a message and its answer on one two-way gRPC stream, JSON both ways; against bare grpc-js',
    reference: 'grpc-js-stream',
    contenders: ['grpc-stream'],
    targets: inFlight.map((n) => ({ contender: 'grpc-stream', inFlight: n, figure: 'ratio', atLeast: 0.95 })),
  },
];
