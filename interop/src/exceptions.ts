import type { Outcome } from './outcome.ts';

/** A check that cannot pass for a reason of go-micro's own. When it passes all the same, that is an error too. */
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
    check: 'one Go greeter and one of ours are killed under load, and no call fails',
    where: { from: 'go' },
    failure: /^\d+ of \d+ calls failed: [a-zEOFMIM, ]+$/,
    reason:
      'only code 408 is tried again, and a node that refuses connections stays in the cache for a minute, or for its lease',
    source: 'client/retry.go:37, registry/cache/cache.go',
  },
  {
    check: 'one Go greeter and one of ours are stopped under load, and no call fails',
    where: { from: 'go' },
    failure: /^[1-5] of \d+ calls failed: [a-zEOFMIM, ]+$/,
    reason:
      'a Go server that stops can cut off an answer, or close a connection that a call has just taken; such a call is not tried again',
    source: 'client/retry.go:37',
    sometimes: true,
  },
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
