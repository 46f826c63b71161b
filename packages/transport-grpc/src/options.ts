import { MicroError, type TlsOptions } from '@micro/core';

/** Durations are in milliseconds, sizes in bytes; all must be positive whole numbers. */
export interface GrpcTransportOptions {
  /** Speak TLS: servers need `cert` and `key`. @default plain TCP */
  readonly tls?: TlsOptions | undefined;
  /** A message, both ways; larger ones fail with `too_large`, RESOURCE_EXHAUSTED. gRPC's own default. @default 4 MiB */
  readonly maxMessageBytes?: number | undefined;
  /** Connections that a listener holds at once; it drops what comes beyond. @default 10000 */
  readonly maxIncoming?: number | undefined;
  /** Calls and streams under way on one incoming connection; peers wait with more. @default 1024 */
  readonly maxConcurrentStreams?: number | undefined;
  /**
   * A connection that we have opened is pinged after so long a silence. Servers in Go end a connection that pings more
   * often than every 5 minutes (grpc/grpc: doc/keepalive.md). @default 310000
   */
  readonly keepaliveMs?: number | undefined;
  /** The same for connections that a listener has taken; no client minds. @default 30000 */
  readonly incomingKeepaliveMs?: number | undefined;
  /** The answer to a ping must be here by then, or the connection is closed. @default 10000 */
  readonly keepaliveTimeoutMs?: number | undefined;
  /** A listener sends connections away that have had no call for so long. @default 300000 */
  readonly idleTimeoutMs?: number | undefined;
  /** Calls that wait for a connection; more fail with `overloaded`. @default 4096 */
  readonly maxQueued?: number | undefined;
  /** Until connected, TLS included; on a listener, for the TLS handshake. @default 5000 */
  readonly connectTimeoutMs?: number | undefined;
  /** How long `close` of a listener waits for peers to take what was written. @default 10000 */
  readonly closeTimeoutMs?: number | undefined;
  /**
   * Server reflection: `false` for none, or a serialized FileDescriptorSet (`protoc --include_imports
   * --descriptor_set_out`) of what is served. @default true: what the contracts' own schemas tell
   */
  readonly reflection?: boolean | Uint8Array | undefined;
}

type Numbers = Exclude<keyof GrpcTransportOptions, 'tls' | 'reflection'>;
export type Settings = { readonly [K in Numbers]-?: number } & {
  readonly tls: TlsOptions | undefined;
  readonly reflection: boolean | Uint8Array;
};

const defaults: { readonly [K in Numbers]: number } = {
  maxMessageBytes: 4 * 1024 * 1024,
  maxIncoming: 10_000,
  maxConcurrentStreams: 1024,
  keepaliveMs: 310_000,
  incomingKeepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  idleTimeoutMs: 300_000,
  maxQueued: 4096,
  connectTimeoutMs: 5_000,
  closeTimeoutMs: 10_000,
};

/** Throws `bad_request` for a number that makes no sense. */
export function settingsOf(options: GrpcTransportOptions): Settings {
  const settings: Record<Numbers, number> = { ...defaults };
  for (const name of Object.keys(defaults) as Numbers[]) {
    const value = options[name] ?? settings[name];
    if (!Number.isSafeInteger(value) || value < 1 || value >= 2 ** 31)
      throw new MicroError('bad_request', `${name} must be a positive whole number below 2^31, not ${value}`);
    settings[name] = value;
  }
  return { ...settings, tls: options.tls, reflection: options.reflection ?? true };
}
