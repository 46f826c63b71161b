import type { BenchCase } from './bench-case.ts';
import { sumOf } from './histogram.ts';
import { makeRow, type Row } from './row.ts';
import { median } from './stats.ts';
import type { Team, Turn } from './team.ts';

// V8 has optimised a call path after some ten thousand calls; HTTP makes them in about a second
const warmMs = 1_000;
const warmAgainMs = 300;
// Where the heap is watched: until then caches fill, code is compiled and tables reach their size
const heapWarmCalls = 100_000;
const mostMs = 6_000;

/** A turn with the turns of the reference just before and after it. */
interface Pair {
  readonly own: Turn;
  readonly before: Turn;
  readonly after: Turn;
}

/** Contenders and their reference take turns, so that whatever else the machine does meets all of them. */
export async function takeTurns(
  of: BenchCase,
  rounds: number,
  reference: Team,
  contenders: readonly Team[],
): Promise<Row[]> {
  const { turn: length } = of;
  const turnOf = (team: Team, inFlight: number): Promise<Turn> =>
    'ms' in length ? team.turn(inFlight, length.ms) : team.turn(inFlight, mostMs, length.calls);
  const rows: Row[] = [];
  for (const [index, inFlight] of of.inFlight.entries()) {
    for (const team of [reference, ...contenders]) {
      if ('ms' in length) await warm(of, team, inFlight, index === 0 ? warmMs : warmAgainMs);
      else await team.turn(inFlight, mostMs, heapWarmCalls);
    }
    const growths = 'calls' in length ? await Promise.all([reference, ...contenders].map(watchHeap)) : [];
    const pairs = new Map<Team, Pair[]>([reference, ...contenders].map((team) => [team, []]));
    let before = await turnOf(reference, inFlight);
    for (let round = 0; round < rounds; round++) {
      // A reference alone takes turns with itself
      for (const team of contenders.length === 0 ? [undefined] : contenders) {
        const own = team && (await turnOf(team, inFlight));
        const after = await turnOf(reference, inFlight);
        if (team && own) pairs.get(team)?.push({ own, before, after });
        pairs.get(reference)?.push({ own: after, before: after, after });
        before = after;
      }
    }
    const heap = new Map<Team, number>();
    for (const { team, read } of growths) heap.set(team, await read());
    for (const [team, found] of pairs) rows.push(rowOf(of, team, inFlight, found, heap.get(team)));
  }
  return rows;
}

/** For so long, and until the case's `warmCalls` are made. */
async function warm({ warmCalls = 0 }: BenchCase, team: Team, inFlight: number, ms: number): Promise<void> {
  await team.turn(inFlight, ms);
  if (team.calls < warmCalls) await team.turn(inFlight, mostMs, warmCalls - team.calls);
}

/** Looks at the heap, after collecting garbage; `read` does so again and tells the growth a call made meanwhile. */
async function watchHeap(team: Team): Promise<{ readonly team: Team; readonly read: () => Promise<number> }> {
  const calls = team.calls;
  const { heapBytes } = await team.usage(true);
  return {
    team,
    read: async () => ((await team.usage(true)).heapBytes - heapBytes) / (team.calls - calls),
  };
}

function rowOf(
  of: BenchCase,
  { contender }: Team,
  inFlight: number,
  pairs: readonly Pair[],
  heapBytes: number | undefined,
): Row {
  const middle = (figure: (pair: Pair) => number): number => median(pairs.map(figure));
  const ratios = pairs.map((pair) => pair.own.callsPerSecond / reference(pair, 'callsPerSecond'));
  return makeRow(of, contender, inFlight, {
    callsPerSecond: middle(({ own }) => own.callsPerSecond),
    p50Us: middle(({ own }) => own.p50Us),
    p99Us: middle(({ own }) => own.p99Us),
    maxUs: Math.max(...pairs.map(({ own }) => own.maxUs)),
    latencies: sumOf(pairs.map(({ own }) => own.latencies)),
    rssMb: pairs.at(-1)?.own.rssMb ?? Number.NaN,
    rssAboveMb: middle(({ own, before }) => own.rssMb - before.rssMb),
    ratio: median(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    p50Ratio: middle((pair) => pair.own.p50Us / reference(pair, 'p50Us')),
    p99Ratio: middle((pair) => pair.own.p99Us / reference(pair, 'p99Us')),
    cpuUs: middle(({ own }) => own.cpuUs),
    cpuRatio: middle((pair) => pair.own.cpuUs / reference(pair, 'cpuUs')),
    shareUs: middle((pair) => pair.own.cpuUs - reference(pair, 'cpuUs')),
    ...(heapBytes === undefined ? {} : { heapBytes }),
  });
}

function reference({ before, after }: Pair, figure: 'callsPerSecond' | 'p50Us' | 'p99Us' | 'cpuUs'): number {
  return (before[figure] + after[figure]) / 2;
}
