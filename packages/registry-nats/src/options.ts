import { MicroError } from '@micro/core';
import type { NatsOptions } from '@micro/nats';

/** How to reach NATS, and how services are asked for there. Durations are in milliseconds. */
export interface NatsRegistryOptions extends NatsOptions {
  /**
   * What the subjects begin with: `<prefix>.query` and `<prefix>.watch`. go-micro from v5.7 on uses the first default,
   * the plugin of v1 to v5 the second. @default ['micro.nats', 'micro.registry.nats']
   */
  readonly prefixes?: readonly string[] | undefined;
  /** How long answers are collected, and so long again after each; as go-micro. @default 100 */
  readonly queryMs?: number | undefined;
  /** How long the server may take for anything. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** How long a node of Go's lives after its last announcement, for Go does not say. @default 90000 */
  readonly foreignTtlMs?: number | undefined;
}

export interface Settings {
  readonly prefixes: readonly string[];
  readonly queryMs: number;
  readonly timeoutMs: number;
  readonly foreignTtlMs: number;
}

/** A subject without patterns, blanks or empty tokens. */
const subjectForm = /^[^\s.*>]+(?:\.[^\s.*>]+)*$/;

/** The options with their defaults. Throws `bad_request` for what makes no sense. */
export function settingsOf(options: NatsRegistryOptions): Settings {
  const { prefixes = ['micro.nats', 'micro.registry.nats'] } = options;
  if (prefixes.length === 0 || !prefixes.every((prefix) => subjectForm.test(prefix)))
    throw new MicroError('bad_request', `registry nats: prefixes must be subjects, not "${prefixes}"`);
  return {
    prefixes: [...new Set(prefixes)],
    queryMs: positive('queryMs', options.queryMs ?? 100),
    timeoutMs: positive('timeoutMs', options.timeoutMs ?? 5000),
    foreignTtlMs: positive('foreignTtlMs', options.foreignTtlMs ?? 90_000),
  };
}

function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new MicroError('bad_request', `registry nats: ${name} must be a positive whole number, not ${value}`);
}
