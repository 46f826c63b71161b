import type { Work } from './contender.ts';

/** What is measured: contenders against a reference that runs beside them. */
export interface BenchCase {
  readonly name: string;
  /** A line for the report. */
  readonly about: string;
  /** 1: client and server share a process. 2: each has its own, on a core of its own. */
  readonly processes: 1 | 2;
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
 * `ratio`: calls per second over the reference's; `p50Ratio`: the same of the median latency; `shareUs`: CPU a
 * call above the reference's, in us; `heapBytes`: growth of the heap a call; `rssAboveMb`: resident memory above the
 * reference's, in MB.
 */
export type FigureName = 'ratio' | 'p50Ratio' | 'shareUs' | 'heapBytes' | 'rssAboveMb';
