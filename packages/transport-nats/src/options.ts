import type { NatsOptions } from '@micro/nats';
import type { SessionOptions } from '@micro/sessions';

/** How to reach NATS, and the limits of calls and streams. Durations in milliseconds, sizes in bytes. */
export interface NatsTransportOptions extends NatsOptions, SessionOptions {
  /** What has been sent and the server has not taken yet; streams wait beyond it. @default 8 MiB */
  readonly maxPendingBytes?: number | undefined;
}
