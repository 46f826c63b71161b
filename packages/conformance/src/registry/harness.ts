import type { Registry, RegistryFeature } from '@micro/core';
import type { Case, Harness, Scope } from '../suite.ts';

export interface RegistryHarness extends Harness<Registry, RegistryFeature> {
  /** The smallest TTL that the backend can keep, in ms. */
  readonly ttlMs: number;
  /** Changes in a row, for the case that makes many. @default 1000 */
  readonly burst?: number | undefined;
  /** Stops the real backend, so that it refuses connections. */
  breakBackend?(): Promise<void>;
  /** Starts it again on the same address; with its data or without. */
  restoreBackend?(): Promise<void>;
}

export type RegistryScope = Scope<RegistryHarness, Registry>;
export type RegistryCase = Case<RegistryHarness, Registry>;
