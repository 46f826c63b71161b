import type { Broker, BrokerFeature } from '@micro/core';
import type { Case, Harness, Scope } from '../suite.ts';

export interface BrokerHarness extends Harness<Broker, BrokerFeature> {
  /** The smallest delay of a redelivery that the backend can keep, in ms. @default 50 */
  readonly retryMs?: number | undefined;
  /** Largest body that the backend takes, in bytes. @default 262144 */
  readonly maxBody?: number | undefined;
  /** Stops the real backend, so that it refuses connections. */
  breakBackend?(): Promise<void>;
  /** Starts it again on the same address. */
  restoreBackend?(): Promise<void>;
}

export type BrokerScope = Scope<BrokerHarness, Broker>;
export type BrokerCase = Case<BrokerHarness, Broker>;
