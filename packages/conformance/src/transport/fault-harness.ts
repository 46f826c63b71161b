import type { Transport } from '@micro/core';
import type { Case, Scope } from '../suite.ts';
import type { TransportHarness } from './harness.ts';

/** What faults are made with: peers in processes of their own, that are killed and frozen. Over TCP, on 127.0.0.1. */
export interface TransportFaultHarness extends TransportHarness {
  /** A module that calls `runPeer`, as JavaScript. */
  readonly peerFile: () => string;
  /** The same transport with TLS: as a server has it, and as a client. */
  readonly tls?: { server(): Transport; client(): Transport } | undefined;
  /** How much a server may grow while a peer does not read, in MB. @default 300 */
  readonly growthMb?: number | undefined;
}

export type TransportFaultScope = Scope<TransportFaultHarness, Transport>;
export type TransportFaultCase = Case<TransportFaultHarness, Transport>;
