import type { Metadata } from './metadata.ts';
import type { ConsistentHashOptions } from './selectors.ts';

/** Chooses a node for every attempt of a call. */
export interface Selector {
  readonly name: string;
  /** The strategy for one called service, with whatever it remembers about it. */
  strategy(service: string): Strategy;
}

export interface Strategy {
  /** Wants `latencyMs`, which costs a reading of the clock for every reply. @default false */
  readonly observesLatency?: boolean | undefined;
  /**
   * One of the nodes; called for every attempt, so without I/O and without waiting. `nodes` is not empty, is the
   * same array until something changes, and has no node that is out or leaving, unless all are.
   */
  pick(nodes: readonly Candidate[], key: string | undefined): Candidate;
}

/** A node as core keeps it while it lives, with what calls have taught. */
export interface Candidate {
  readonly id: string;
  readonly address: string;
  readonly version: string;
  readonly metadata: Metadata;
  /** Names of the endpoints that it has announced. */
  readonly endpoints: readonly string[];
  /** Calls under way from this process. */
  readonly pending: number;
  /** Peak-sensitive moving average of the reply time, in ms; 0 before the first. Kept when `observesLatency`. */
  readonly latencyMs: number;
}

/** Narrows the nodes that a call may go to: by version, label, zone. Cached, so it must not depend on time. */
export type NodeFilter = (node: Candidate) => boolean;

/** Names and options of selector plugins; each package adds its own by declaration merging. */
export interface SelectorPlugins {
  'least-pending': undefined;
  'peak-ewma': undefined;
  'round-robin': undefined;
  random: undefined;
  hash: ConsistentHashOptions;
}
