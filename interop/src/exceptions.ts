import type { Outcome } from './outcome.ts';

/** A check that cannot pass, for a reason of go-micro's own where it does not say "ours". When it passes, that is an error too. */
export interface Exception {
  readonly check: string;
  /** What the failure says. @default anything */
  readonly failure?: RegExp;
  /** Where it holds: each that is given must match. */
  readonly where: Partial<Pick<Outcome, 'family' | 'subject' | 'version' | 'from' | 'to'>>;
  readonly reason: string;
  /** A file of go-micro, with the line where one is meant. */
  readonly source: string;
  /** It happens by chance: passing is no error. */
  readonly sometimes?: boolean;
}

const exceptions: readonly Exception[] = [
  {
    check: 'a watcher is told of a service that was killed',
    where: { subject: 'mdns', from: 'go' },
    reason:
      'a watcher of mDNS hears announcements and goodbyes, and asks no questions; a killed process says nothing',
    source: 'registry/mdns_registry.go:540',
  },
  {
    check: 'a watcher is told of a service that was killed',
    where: { family: 'discovery', subject: 'nats', from: 'go' },
    reason:
      'a watcher of NATS hears announcements alone, and they have no time limit; a killed process says nothing',
    source: 'registry/nats/nats_watcher.go',
  },
  {
    check: 'one Go greeter and one of ours are killed under load, and no call fails',
    where: { from: 'go' },
    failure: /^\d+ of \d+ calls failed: [a-zEOFMIM, ]+$/,
    reason:
      'only code 408 is tried again, and a node that refuses connections stays in the cache for a minute, or for its lease',
    source: 'client/retry.go:37, registry/cache/cache.go',
  },
  {
    check: 'one Go greeter is stopped under load, and no call fails',
    where: { from: 'go' },
    failure: /^[1-5] of \d+ calls failed: [a-zEOFMIM, ]+$/,
    reason:
      'a Go server that stops can cut off an answer, or close a connection that a call has just taken; such a call is not tried again',
    source: 'client/retry.go:37',
    sometimes: true,
  },
  {
    check: 'a queue of one Go member and one of ours shares the events, each once',
    where: { subject: 'kafka' },
    failure: /got nothing|strictly deep-equal/,
    reason:
      'ours: the group of a queue in Go is one for all topics, ours is one for each; both get every event',
    source: 'broker/kafka/kafka.go, packages/broker-kafka',
  },
  {
    check: 'a member that stops leaves its share to the other',
    where: { subject: 'nats', from: 'go' },
    failure: /only [1-3]\d of 40 came/,
    reason:
      'a Go member that leaves does not wait until the server knows it: what comes in that moment is lost',
    source: 'broker/nats/nats.go:158',
    sometimes: true,
  },
  {
    check: 'an integer beyond 2^53 there and back',
    where: { subject: 'http json', version: '4.11.0' },
    reason: 'up to v5.13 64-bit integers are JSON numbers, and those JavaScript rounds; later ones are texts',
    source: 'codec/json/json.go',
  },
  {
    check: 'metadata outside ASCII arrives',
    where: { family: 'calls', subject: 'grpc json', from: 'go' },
    failure: /non-printable ASCII/,
    reason: 'grpc-go refuses to send it since v1.53',
    source: 'google.golang.org/grpc/internal/metadata/metadata.go',
  },
  ...(
    [
      'a client that leaves a server stream ends its handler',
      'a client that is killed ends the handler of its stream',
    ] as const
  ).map((check) => ({
    check,
    where: { subject: 'nats json', from: 'ts' as const },
    reason: 'over NATS a session ends by 60 s of silence alone; until then its handler is told nothing',
    source: 'transport/nats/nats.go',
  })),
  ...[
    'an error in the middle of a server stream comes behind its items',
    'an error in the middle of a two-way stream arrives',
  ].map((check) => ({
    check,
    where: { subject: 'grpc json', from: 'go' as const },
    failure: /rpc error: code = AlreadyExists desc = stop at größe/,
    reason: "the gRPC client hands on a stream's error as gRPC has it, without id and code",
    source: 'client/grpc/stream.go:45',
  })),
];

/** The exception for a check; for one that has failed only where that is how it fails. */
export function exceptionOf(
  outcome: Omit<Outcome, 'result' | 'ms'>,
  failed: string | undefined,
): Exception | undefined {
  return exceptions.find(
    ({ check, where, failure }) =>
      check === outcome.check &&
      (failed === undefined || (failure?.test(failed) ?? true)) &&
      (Object.keys(where) as (keyof typeof where)[]).every((key) => where[key] === outcome[key]),
  );
}
