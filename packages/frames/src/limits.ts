import { MicroError } from '@micro/core';

/** Limits of a connection. Sizes in bytes, durations in milliseconds; positive whole numbers. */
export interface FrameOptions {
  /** Of a message, both ways; the peer is told. Larger ones fail with `too_large`. @default 16 MiB */
  readonly maxBodyBytes?: number | undefined;
  /** Calls under way that a server takes on one connection; at most 1,048,576. @default 131072 */
  readonly maxCalls?: number | undefined;
  /** Open streams that a server takes on one connection; at most 1,048,576. @default 1024 */
  readonly maxStreams?: number | undefined;
  /** Targets (service, endpoint, content type) that a server remembers for one connection; at most 65,535. @default 4096 */
  readonly maxTargets?: number | undefined;
  /** What a peer may send on a stream before it has to wait for the reader. @default 262144 */
  readonly windowBytes?: number | undefined;
  /** Calls and streams of a client that wait for the connection; more fail with `overloaded`. @default 4096 */
  readonly maxWaiting?: number | undefined;
  /** Written by a client and not taken by the kernel; beyond, calls fail with `overloaded`. @default 64 MiB */
  readonly maxQueuedBytes?: number | undefined;
  /** Answers that a peer has not read; beyond, a server reads nothing more from it. At 64 times as much it ends the connection. @default 4 MiB */
  readonly maxUnreadBytes?: number | undefined;
  /** Pings a second that a peer may send. @default 100 */
  readonly maxPings?: number | undefined;
  /** Streams a second that a client may open. @default 50000 */
  readonly maxOpens?: number | undefined;
  /** Calls and streams a second that a client may leave. @default 200000 */
  readonly maxCancels?: number | undefined;
  /** From the connection to the peer's greeting, TLS included. @default 5000 */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Silence after which a ping asks whether the peer is there. @default 30000 */
  readonly pingIntervalMs?: number | undefined;
  /** The answer to a ping; without it the connection is destroyed. @default 10000 */
  readonly pingTimeoutMs?: number | undefined;
  /** A peer must have read something of what we wrote, and close its side of a connection that we have ended. @default 30000 */
  readonly writeTimeoutMs?: number | undefined;
  /**
   * A batch is sent early when it has so many bytes, the next of the same tick at twice as many, and so on: then
   * both sides work at the same time. Where more leaves without it, as where no core is idle, that is found out,
   * and there is one write a tick. 0: always.
   * @default 1024
   */
  readonly firstCutBytes?: number | undefined;
}

export type Limits = { readonly [K in keyof FrameOptions]-?: number };

const defaults: Limits = {
  maxBodyBytes: 16 * 1024 * 1024,
  maxCalls: 131_072,
  maxStreams: 1024,
  maxTargets: 4096,
  windowBytes: 262_144,
  maxWaiting: 4096,
  maxQueuedBytes: 64 * 1024 * 1024,
  maxUnreadBytes: 4 * 1024 * 1024,
  maxPings: 100,
  maxOpens: 50_000,
  maxCancels: 200_000,
  handshakeTimeoutMs: 5000,
  pingIntervalMs: 30_000,
  pingTimeoutMs: 10_000,
  writeTimeoutMs: 30_000,
  firstCutBytes: 1024,
};
const most: Readonly<Partial<Record<keyof FrameOptions, number>>> = {
  maxBodyBytes: 0x3fffffff,
  maxCalls: 0x100000,
  maxStreams: 0x100000,
  maxTargets: 0xffff,
  windowBytes: 0x3fffffff,
};

/** Throws `bad_request` for a number that makes no sense. */
export function limitsOf(options: FrameOptions = {}): Limits {
  const limits: Record<keyof FrameOptions, number> = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof FrameOptions)[]) {
    const value = options[name] ?? limits[name];
    const least = name === 'firstCutBytes' ? 0 : 1;
    const limit = most[name] ?? Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || value < least || value > limit) {
      throw new MicroError(
        'bad_request',
        `${name} must be a whole number from ${least} to ${limit}, not ${value}`,
      );
    }
    limits[name] = value;
  }
  return limits;
}

/** The shortest of the durations: what a sweep has to be fine enough for. */
export function shortestOf(limits: Limits): number {
  const { handshakeTimeoutMs, pingIntervalMs, pingTimeoutMs, writeTimeoutMs } = limits;
  return Math.min(handshakeTimeoutMs, pingIntervalMs, pingTimeoutMs, writeTimeoutMs);
}
