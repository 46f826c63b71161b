import type { TlsOptions } from '@micro/core';
import type { FrameOptions } from '@micro/frames';

/** Durations are in milliseconds, sizes in bytes; all must be positive whole numbers. */
export interface TcpTransportOptions extends FrameOptions {
  /** Speak TLS: servers need `cert` and `key`. @default plain TCP */
  readonly tls?: TlsOptions | undefined;
  /** Connections that a listener holds at once; it drops what comes beyond. @default 20000 */
  readonly maxIncoming?: number | undefined;
}
