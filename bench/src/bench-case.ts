import type { Work } from './contender.ts';

/** What is measured: contenders against a reference that runs beside them. */
export interface BenchCase {
  readonly name: string;
  /** A line for the report. */
  readonly about: string;
  /** Processes that call, each with so many calls in flight; 0: the server's own process calls. */
  readonly clients: number;
  /** `own`: the server has a core and the clients have another one; `any`: nobody is pinned; `one`: all share a core. */
  readonly cores: 'own' | 'any' | 'one';
  readonly reference: string;
  readonly contenders: readonly string[];
  readonly work: Work;
  /** Calls under way at once; each figure is a measurement of its own. */
  readonly inFlight: readonly number[];
  /** How long one turn lasts, in ms; or how many calls it makes: then the heap is looked at before and after all turns. */
  readonly turn: { readonly ms: number } | { readonly calls: number };
  /** Calls before anything is measured, where the usual second makes too few for V8 to be done with them. */
  readonly warmCalls?: number;
  readonly rounds: number;
  readonly targets: readonly Target[];
}

/** A figure that a contender is to reach. */
export interface Target {
  readonly contender: string;
  readonly inFlight: number;
  readonly figure: FigureName;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/**
 * `ratio`: calls per second over the reference's; `p50Ratio`, `p99Ratio`: the same of latencies; `shareUs`: CPU a
 * call above the reference's, in us; `heapBytes`: growth of the heap a call; `rssAboveMb`: resident memory above the
 * reference's, in MB; `callsPerSecond`, `maxUs` (the longest call): as they are.
 */
export type FigureName =
  | 'ratio'
  | 'p50Ratio'
  | 'p99Ratio'
  | 'shareUs'
  | 'heapBytes'
  | 'rssAboveMb'
  | 'callsPerSecond'
  | 'maxUs';

/** Two processes, each with a core of its own. */
export const apart = { clients: 1, cores: 'own' } as const;
/** One process. */
export const inside = { clients: 0, cores: 'own' } as const;
/** The turns of most cases. */
export const turns = { turn: { ms: 150 }, rounds: 12 } as const;
