import { MicroError } from '@micro/core';

/** Limits of the sessions, the same for each message system. Durations in milliseconds, sizes in bytes. */
export interface SessionOptions {
  /** Calls that wait for the connection to the message system; more fail with `overloaded`. @default 4096 */
  readonly maxQueued?: number | undefined;
  /** Open streams of a client; more fail with `overloaded`. @default 1024 */
  readonly maxStreams?: number | undefined;
  /** Calls and streams that a listener has under way; more are refused with `overloaded`. @default 10000 */
  readonly maxIncoming?: number | undefined;
  /** What a reader takes of a stream before it has read some. @default 262144 */
  readonly windowBytes?: number | undefined;
  /** What a paused reader keeps of a peer that does not wait (Go); then the stream fails. @default 16 MiB */
  readonly maxQueuedBytes?: number | undefined;
  /** A silent peer is looked for after so long, while something is under way. @default 500 */
  readonly probeIntervalMs?: number | undefined;
}

export type SessionSettings = { readonly [K in keyof SessionOptions]-?: number };

const defaults: SessionSettings = {
  maxQueued: 4096,
  maxStreams: 1024,
  maxIncoming: 10_000,
  windowBytes: 262_144,
  maxQueuedBytes: 16 * 1024 * 1024,
  probeIntervalMs: 500,
};

/** Throws `bad_request` for a number that makes no sense. */
export function sessionSettings(options: SessionOptions): SessionSettings {
  const settings: { -readonly [K in keyof SessionSettings]: number } = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof SessionSettings)[]) {
    const value = options[name] ?? settings[name];
    if (!Number.isSafeInteger(value) || value < 1)
      throw new MicroError('bad_request', `${name} must be a positive whole number, not ${value}`);
    settings[name] = value;
  }
  return settings;
}
