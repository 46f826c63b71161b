import { type BackendOptions, MicroError } from '@micro/core';

/** Durations are in milliseconds. */
export interface KafkaBrokerOptions extends BackendOptions {
  /** Brokers to begin with, `host:port`. @default '127.0.0.1:9092' */
  readonly address?: string | readonly string[] | undefined;
  /** With `password`: SASL. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** @default 'plain' */
  readonly mechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
  /** Of a topic that is not there yet: how many members of a queue can share it. -1: the server's num.partitions. @default 8 */
  readonly partitions?: number | undefined;
  /** Of a topic that is not there yet. -1: the server's default.replication.factor. @default -1 */
  readonly replicas?: number | undefined;
  /**
   * Consumer groups as go-micro's, which are named by their queue alone, whatever its topics: members in Go and in
   * TypeScript share. All members of a queue must have it alike. @default false
   */
  readonly goQueues?: boolean | undefined;
  /** A member that has shown no sign of life for so long is dead, and its events are others'. @default 10000 */
  readonly sessionMs?: number | undefined;
  /** Connecting, and an answer of the server, may take so long. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Messages published and not yet confirmed; more are refused with `overloaded`. @default 16384 */
  readonly maxUnconfirmed?: number | undefined;
}

/** What leaving a group and closing may take, handlers aside: the servers may be away, and nobody answers. */
export const leavingMs = 2_000;

const defaults = { sessionMs: 10_000, timeoutMs: 5_000, maxUnconfirmed: 16_384 };

export interface Settings {
  readonly brokers: readonly string[];
  readonly tls: KafkaBrokerOptions['tls'];
  readonly login:
    | {
        readonly mechanism: NonNullable<KafkaBrokerOptions['mechanism']>;
        readonly username: string;
        readonly password: string;
      }
    | undefined;
  readonly partitions: number;
  readonly replicas: number;
  readonly goQueues: boolean;
  readonly sessionMs: number;
  readonly timeoutMs: number;
  readonly maxUnconfirmed: number;
}

/** The options with their defaults. Throws `bad_request` for what makes no sense. */
export function settingsOf(options: KafkaBrokerOptions): Settings {
  const { address = '127.0.0.1:9092', tls, user, password = '', mechanism = 'plain' } = options;
  const { partitions = 8, replicas = -1, goQueues = false } = options;
  const brokers = (typeof address === 'string' ? address.split(',') : address).map((one) => one.trim());
  if (
    brokers.length === 0 ||
    !brokers.every((one) => /^[^\s/:]+:\d{1,5}$|^\[[\da-f:]+\]:\d{1,5}$/i.test(one))
  )
    throw new MicroError('bad_request', `broker kafka: an address is host:port, not "${address}"`);
  for (const [name, count] of Object.entries({ partitions, replicas }))
    if (count !== -1 && !(Number.isSafeInteger(count) && count >= 1))
      throw new MicroError(
        'bad_request',
        `broker kafka: ${name} must be a positive integer or -1, not ${count}`,
      );
  return {
    ...{ brokers, tls, partitions, replicas, goQueues },
    login: user === undefined ? undefined : { mechanism, username: user, password },
    sessionMs: positive('sessionMs', options),
    timeoutMs: positive('timeoutMs', options),
    maxUnconfirmed: positive('maxUnconfirmed', options),
  };
}

function positive(name: keyof typeof defaults, options: KafkaBrokerOptions): number {
  const value = options[name] ?? defaults[name];
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new MicroError('bad_request', `broker kafka: ${name} must be a positive integer, not ${value}`);
}
