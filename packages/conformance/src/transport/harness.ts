import type { Transport, TransportFeature } from '@micro/core';
import type { Case, Harness, Scope } from '../suite.ts';

export interface TransportHarness extends Harness<Transport, TransportFeature> {
  /** Where to listen, asked for each listener. @default () => '127.0.0.1:0' */
  address?(): string;
  /** An address that the transport cannot read. */
  readonly badAddress?: string | undefined;
  /** Listeners are sockets at `host:port`: they are sent garbage too. */
  readonly sockets?: true | undefined;
  /** Largest body that is sent, in bytes. @default 4 MiB */
  readonly maxBody?: number | undefined;
}

export type TransportScope = Scope<TransportHarness, Transport>;
export type TransportCase = Case<TransportHarness, Transport>;
