import { MicroError, type TlsOptions } from '@micro/core';
import { type FrameOptions, type Limits, limitsOf } from '@micro/frames';

/** Durations are in milliseconds, sizes in bytes; all must be positive whole numbers. */
export interface HttpTransportOptions {
  /** Speak TLS: servers need `cert` and `key`. @default plain TCP */
  readonly tls?: TlsOptions | undefined;
  /**
   * Between two sides that both have it on, calls and streams go as frames, on the same port (docs/wire-tcp.md);
   * everybody else is spoken HTTP with. Its limits, or false: HTTP only. @default {}
   */
  readonly frames?: FrameOptions | false | undefined;
  /** Start line and headers of a message. Larger ones are refused with 431. @default 65536 */
  readonly maxHeaderBytes?: number | undefined;
  /** Header lines of a message. @default 128 */
  readonly maxHeaders?: number | undefined;
  /** Body of a message, both ways. Larger ones fail with `too_large`. @default 16 MiB */
  readonly maxBodyBytes?: number | undefined;
  /** Connections that a listener holds at once; it drops what comes beyond. @default 10000 */
  readonly maxIncoming?: number | undefined;
  /** The first head must be here so long after the connection, a later one after its first byte. @default 10000 */
  readonly headTimeoutMs?: number | undefined;
  /** Silence in the middle of a body. @default 30000 */
  readonly progressTimeoutMs?: number | undefined;
  /**
   * A peer must have read an answer, and close its side of a connection that we have ended. The reader of a stream
   * may take its time. @default 30000
   */
  readonly writeTimeoutMs?: number | undefined;
  /**
   * A listener closes connections that are idle for longer. Not below 60 s with Go clients: they fail a call
   * that meets a closed connection. @default 180000
   */
  readonly idleTimeoutMs?: number | undefined;
  /** Connections of the pool behind one address. More are not faster (measured at 64 and 256 calls in flight). @default 64 */
  readonly maxConnections?: number | undefined;
  /** Calls that wait for a connection; more fail with `overloaded`. @default 4096 */
  readonly maxQueued?: number | undefined;
  /** Open streams to one address, each with its own connection; more fail with `overloaded`. @default 1024 */
  readonly maxStreams?: number | undefined;
  /** Until connected, TLS included. @default 5000 */
  readonly connectTimeoutMs?: number | undefined;
  /** The pool closes connections that are idle for longer. @default 55000 */
  readonly poolIdleTimeoutMs?: number | undefined;
}

export type Settings = { readonly [K in Exclude<keyof HttpTransportOptions, 'tls' | 'frames'>]-?: number } & {
  readonly tls: TlsOptions | undefined;
  readonly frames: Limits | undefined;
};

const defaults = {
  maxHeaderBytes: 65_536,
  maxHeaders: 128,
  maxBodyBytes: 16 * 1024 * 1024,
  maxIncoming: 10_000,
  headTimeoutMs: 10_000,
  progressTimeoutMs: 30_000,
  writeTimeoutMs: 30_000,
  idleTimeoutMs: 180_000,
  maxConnections: 64,
  maxQueued: 4096,
  maxStreams: 1024,
  connectTimeoutMs: 5000,
  poolIdleTimeoutMs: 55_000,
} as const;

/** Throws `bad_request` for a number that makes no sense. */
export function settingsOf(options: HttpTransportOptions): Settings {
  const settings: Record<keyof typeof defaults, number> = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) {
    const value = options[name] ?? settings[name];
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new MicroError('bad_request', `${name} must be a positive whole number, not ${value}`);
    }
    settings[name] = value;
  }
  const { tls, frames = {} } = options;
  const { maxBodyBytes } = settings;
  return { ...settings, tls, frames: frames === false ? undefined : limitsOf({ maxBodyBytes, ...frames }) };
}
