import type { Outcome } from './outcome.ts';

/** A check that cannot pass, for a reason of go-micro's own. When it passes, that is an error too. */
export interface Exception {
  readonly check: string;
  /** What the failure says. @default anything */
  readonly failure?: RegExp;
  /** Where it holds: each that is given must match. */
  readonly where: Partial<Pick<Outcome, 'family' | 'version' | 'from' | 'to'>> & {
    readonly subject?: string | RegExp;
  };
  readonly reason: string;
  /** The lines of go-micro, by version where they are not the same in v4.11.0 (with its plugins) and v5.30.0. */
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
    source: 'registry/mdns_registry.go:540, 543',
  },
  {
    check: 'a watcher is told of a service that was killed',
    where: { family: 'discovery', subject: 'nats', from: 'go' },
    reason:
      'a watcher of NATS hears announcements alone, and they have no time limit; a killed process says nothing',
    source: 'v4: plugins registry/nats/watcher.go:19; v5: registry/nats/nats_watcher.go:19',
  },
  {
    check: 'one Go greeter and one of ours are killed under load, and no call fails',
    where: { from: 'go' },
    failure: /^\d+ of \d+ calls failed: [a-zEOFMIM, ]+$/,
    reason:
      'only code 408 is tried again, and a node that refuses connections stays in the cache for a minute, or for its lease',
    source: 'client/retry.go:31; registry/cache/cache.go:58, v5: 66',
  },
  {
    check: 'one Go greeter is stopped under load, and no call fails',
    where: { from: 'go' },
    failure: /^[1-5] of \d+ calls failed: [a-zEOFMIM, ]+$/,
    reason:
      'a Go server that stops can cut off an answer, or close a connection that a call has just taken; such a call is not tried again',
    source: 'client/retry.go:31',
    sometimes: true,
  },
  {
    check: 'a member that stops leaves its share to the other',
    where: { subject: 'nats', from: 'go' },
    failure: /only [1-3]\d of 40 came/,
    reason:
      'a Go member that leaves does not wait until the server knows it: what comes in that moment is lost',
    source: 'v4: plugins broker/nats/nats.go:76; v5: broker/nats/nats.go:77',
    sometimes: true,
  },
  {
    check: 'metadata outside ASCII arrives',
    where: { family: 'calls', subject: 'grpc json', from: 'go' },
    failure: /non-printable ASCII/,
    reason: 'grpc-go refuses to send it since v1.53',
    source: 'google.golang.org/grpc internal/metadata/metadata.go:104 (v1.53.0), 128 (v1.71.1)',
  },
  {
    check: 'a client that is killed ends the handler of its stream',
    where: { subject: 'nats json', from: 'ts' },
    reason:
      'over NATS a session of a Go server ends by 60 s of silence alone when its client can say nothing more; until then the handler is told nothing',
    source: 'transport/nats/nats.go:67, 243',
  },
  ...[
    'an error in the middle of a server stream comes behind its items',
    'an error in the middle of a two-way stream arrives',
  ].map((check) => ({
    check,
    where: { subject: /^grpc json/, from: 'go' as const },
    failure: /rpc error: code = AlreadyExists desc = stop at größe/,
    reason: "the gRPC client hands on a stream's error as gRPC has it, without id and code",
    source: 'client/grpc/stream.go:46',
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
      (Object.keys(where) as (keyof typeof where)[]).every((key) => {
        const wanted = where[key];
        return wanted instanceof RegExp ? wanted.test(outcome[key]) : wanted === outcome[key];
      }),
  );
}
