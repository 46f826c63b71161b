import type { BenchCase, FigureName, Target } from './bench-case.ts';
import type { Histogram } from './histogram.ts';

/** One contender at one number of calls in flight: what `--json` writes. */
export interface Row {
  readonly case: string;
  readonly contender: string;
  readonly inFlight: number;
  readonly callsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** The longest of all that were timed. */
  readonly maxUs: number;
  /** Resident memory after the last turn, of client and server together, in MB. */
  readonly rssMb: number;
  /** What of it is above the reference's. */
  readonly rssAboveMb: number;
  readonly reference: string;
  /** Calls per second over the reference's: the median over the rounds, each against the turns just before and after. */
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  readonly p50Ratio: number;
  readonly p99Ratio: number;
  /** CPU a call, client and server together, in us. */
  readonly cpuUs: number;
  /** The same over the reference's: steadier than `ratio` where other programs use the machine. */
  readonly cpuRatio: number;
  /** What of it is above the reference's. */
  readonly shareUs: number;
  /** Growth of the heap a call, in bytes; only where that is measured. */
  readonly heapBytes?: number;
  /** The timed calls of all turns. */
  readonly latencies: Histogram;
  readonly targets: readonly Verdict[];
}

/** A target held against what was measured. */
interface Verdict {
  readonly figure: FigureName;
  readonly wanted: string;
  readonly value: number;
  readonly met: boolean;
}

type Measured = Omit<Row, 'case' | 'contender' | 'inFlight' | 'reference' | 'targets'>;

/** A row with its verdicts; figures rounded for people, after the verdicts were made. */
export function makeRow(of: BenchCase, contender: string, inFlight: number, measured: Measured): Row {
  const targets = of.targets
    .filter((target) => target.contender === contender && target.inFlight === inFlight)
    .map((target) => judge(target, measured[target.figure] ?? Number.NaN));
  return {
    case: of.name,
    contender,
    inFlight,
    ...rounded(measured),
    callsPerSecond: Math.round(measured.callsPerSecond),
    latencies: measured.latencies,
    reference: of.reference,
    targets,
  };
}

function judge({ figure, atLeast, atMost }: Target, value: number): Verdict {
  const wanted = [
    ...(atLeast === undefined ? [] : [`>= ${atLeast}`]),
    ...(atMost === undefined ? [] : [`<= ${atMost}`]),
  ].join(', ');
  // NaN is never met
  const met = (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
  return { figure, wanted, value: round(value), met };
}

function rounded<T extends object>(figures: T): T {
  const round3 = (value: unknown): unknown => (typeof value === 'number' ? round(value) : value);
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round3(value)])) as T;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
