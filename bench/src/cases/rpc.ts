import { apart, type BenchCase } from '../bench-case.ts';
import { hello, large, messages } from '../work.ts';

const bare = ['undici-pool', 'grpc-js', 'nats-request'];
const transports = ['memory', 'http', 'http-frames', 'tcp', 'tcp-unix', 'grpc', 'nats', 'rabbitmq'];
const shared = {
  ...{ ...apart, reference: 'limit-tick', contenders: [...bare, ...transports], inFlight: [64, 256, 1] },
  ...{ turn: { ms: 150 }, rounds: 4, warmCalls: 10_000, targets: [] },
} as const;

/** Everybody beside the raw limit. */
export const rpcCases: readonly BenchCase[] = [
  {
    ...shared,
    name: 'rpc',
    about: 'a call with a small object: bare libraries, and ours on each transport; against frames by hand',
    work: hello,
  },
  {
    ...shared,
    name: 'rpc-16k',
    about: 'the same with a text of 16 KiB there and back',
    work: large,
  },
  {
    ...shared,
    name: 'rpc-stream',
    about: 'the next small message of a server stream; in flight: streams',
    work: messages,
  },
];
