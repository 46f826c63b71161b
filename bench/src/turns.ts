import type { BenchCase } from './bench-case.ts';
import { makeRow, type Row } from './row.ts';
import { median } from './stats.ts';
import type { Team, Turn } from './team.ts';

// V8 has optimised a call path after some ten thousand calls; HTTP makes them in about a second
const warmMs = 1_000;
const warmAgainMs = 300;

/** A turn with the turns of the reference just before and after it. */
interface Pair {
  readonly own: Turn;
  readonly before: Turn;
  readonly after: Turn;
}

/** Contenders and their reference take turns, so that whatever else the machine does meets all of them. */
export async function takeTurns(
  of: BenchCase,
  ms: number,
  rounds: number,
  reference: Team,
  contenders: readonly Team[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [index, inFlight] of of.inFlight.entries()) {
    for (const team of [reference, ...contenders]) {
      await team.turn(inFlight, index === 0 ? warmMs : warmAgainMs);
    }
    const pairs = new Map<Team, Pair[]>(contenders.map((team) => [team, []]));
    const own: Pair[] = [];
    let before = await reference.turn(inFlight, ms);
    for (let round = 0; round < rounds; round++) {
      for (const [team, found] of pairs) {
        const turn = await team.turn(inFlight, ms);
        const after = await reference.turn(inFlight, ms);
        found.push({ own: turn, before, after });
        own.push({ own: after, before: after, after });
        before = after;
      }
    }
    rows.push(
      rowOf(of, of.reference, inFlight, own.length === 0 ? [{ own: before, before, after: before }] : own),
    );
    for (const [team, found] of pairs) rows.push(rowOf(of, team.contender, inFlight, found));
  }
  return rows;
}

function rowOf(of: BenchCase, contender: string, inFlight: number, pairs: readonly Pair[]): Row {
  const middle = (figure: (pair: Pair) => number): number => median(pairs.map(figure));
  const ratios = pairs.map((pair) => pair.own.callsPerSecond / reference(pair, 'callsPerSecond'));
  return makeRow(of, contender, inFlight, {
    callsPerSecond: middle(({ own }) => own.callsPerSecond),
    p50Us: middle(({ own }) => own.p50Us),
    p99Us: middle(({ own }) => own.p99Us),
    rssMb: pairs.at(-1)?.own.rssMb ?? Number.NaN,
    ratio: median(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    p50Ratio: middle((pair) => pair.own.p50Us / reference(pair, 'p50Us')),
    cpuUs: middle(({ own }) => own.cpuUs),
    shareUs: middle((pair) => pair.own.cpuUs - reference(pair, 'cpuUs')),
  });
}

function reference({ before, after }: Pair, figure: 'callsPerSecond' | 'p50Us' | 'cpuUs'): number {
  return (before[figure] + after[figure]) / 2;
}
