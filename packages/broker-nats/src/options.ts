import { MicroError } from '@micro/core';
import type { NatsOptions } from '@micro/nats';

/** Durations are in milliseconds, sizes in bytes. Where the servers are and who we are: see `@micro/nats`. */
export interface NatsBrokerOptions extends NatsOptions {
  /**
   * True: every topic is kept in a stream, and all features are there. False: core NATS, as go-micro uses it: at most
   * once, shared with Go's queues, nothing but `queue`. @default true
   */
  readonly jetstream?: boolean | undefined;
  /** The JetStream domain. */
  readonly domain?: string | undefined;
  /** A topic that no stream keeps yet gets one; false: that is an error, `not_found`. @default true */
  readonly createStreams?: boolean | undefined;
  /** Servers that keep a created stream. @default 1 */
  readonly replicas?: number | undefined;
  /** How long a created stream keeps a message, handled or not; 0: for ever. @default 7 days, as Kafka does */
  readonly maxAgeMs?: number | undefined;
  /** How much a created stream keeps, before the oldest goes; 0: what the server has room for. @default 0 */
  readonly maxBytes?: number | undefined;
  /** What a member of a queue that dies had not finished is another's after this time. @default 10000 */
  readonly redeliverAfterMs?: number | undefined;
  /** A server's answer may take so long. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Messages published and not yet confirmed; more are refused with `overloaded`. @default 16384 */
  readonly maxUnconfirmed?: number | undefined;
  /** Without JetStream: messages that wait for a handler, in bytes; what comes beyond is lost, and told. @default 16 MiB */
  readonly maxWaitingBytes?: number | undefined;
}

const day = 24 * 60 * 60 * 1_000;
type Numeric =
  | 'replicas'
  | 'maxAgeMs'
  | 'maxBytes'
  | 'redeliverAfterMs'
  | 'timeoutMs'
  | 'maxUnconfirmed'
  | 'maxWaitingBytes';
const defaults: Readonly<Record<Numeric, number>> = {
  replicas: 1,
  maxAgeMs: 7 * day, // log.retention.hours=168
  maxBytes: 0,
  redeliverAfterMs: 10_000,
  timeoutMs: 5_000,
  maxUnconfirmed: 16_384,
  maxWaitingBytes: 16 * 2 ** 20,
};
const mayBeZero: ReadonlySet<string> = new Set<Numeric>(['maxAgeMs', 'maxBytes']);

export interface Settings extends Readonly<Record<Numeric, number>> {
  readonly jetstream: boolean;
  readonly domain: string | undefined;
  readonly createStreams: boolean;
}

/** The options with their defaults. Throws `bad_request` for what makes no sense. */
export function settingsOf(options: NatsBrokerOptions): Settings {
  const { domain, jetstream = true, createStreams = true } = options;
  const numbers: Record<Numeric, number> = { ...defaults };
  for (const name of Object.keys(defaults) as Numeric[]) {
    const value = options[name] ?? defaults[name];
    const least = mayBeZero.has(name) ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least)
      throw new MicroError(
        'bad_request',
        `broker nats: ${name} must be an integer from ${least}, not ${value}`,
      );
    numbers[name] = value;
  }
  return { ...numbers, domain, jetstream, createStreams };
}
