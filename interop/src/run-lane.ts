import type { Check } from './checks/check.ts';
import { exceptionOf } from './exceptions.ts';
import { families } from './families.ts';
import type { Lane, Language } from './lane.ts';
import type { Options } from './options.ts';
import { cellName, type Outcome, subjectOf } from './outcome.ts';

export interface RunOptions extends Wanted {
  readonly verbose: boolean;
  readonly say: (line: string) => void;
}
type Wanted = Pick<Options, 'only' | 'check' | 'baseline'>;

const across: readonly Direction[] = [
  ['go', 'ts'],
  ['ts', 'go'],
];
const within: readonly Direction[] = [
  ['go', 'go'],
  ['ts', 'ts'],
];
type Direction = readonly [Language, Language];

/** Runs the checks of a lane that are wanted, one after the other: those that need the machine alone, or the others. */
export async function runLane(lane: Lane, alone: boolean, options: RunOptions): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [cell, checks] of wantedOf(lane, options)) {
    if ((cell.family === 'fleet') !== alone) continue; // it loads the machine; the others wait most of their time
    const start = performance.now();
    const all: Outcome[] = [];
    for (const check of checks) all.push(await runCheck(lane, cell, check, options));
    outcomes.push(...all);
    options.say(summary(cellName(cell), all, performance.now() - start));
  }
  return outcomes;
}

/** The cells of a lane, with their checks; those without any left out. */
export function wantedOf(lane: Lane, { only, check, baseline }: Wanted): [Cell, readonly Check[]][] {
  const { families: names } = lane.stack;
  const cells = names.flatMap((family) =>
    (baseline ? within : across).map(
      ([from, to]): Cell => ({
        family,
        subject: subjectOf(family, lane.stack),
        version: lane.go.version,
        from,
        to,
      }),
    ),
  );
  return cells
    .filter((cell) => only.every((text) => cellName(cell).includes(text)))
    .map((cell): [Cell, readonly Check[]] => [
      cell,
      families[cell.family].filter(({ name }) => name.includes(check)),
    ])
    .filter(([, checks]) => checks.length > 0);
}

type Cell = Pick<Outcome, 'family' | 'subject' | 'version' | 'from' | 'to'>;

async function runCheck(lane: Lane, cell: Cell, check: Check, options: RunOptions): Promise<Outcome> {
  const before = lane.present();
  const start = performance.now();
  const failure = await failureOf(check, lane, cell);
  const ms = Math.round(performance.now() - start);
  if (failure !== undefined && options.verbose) options.say(lane.said());
  await lane.endSince(before);
  const outcome = { ...cell, check: check.name, ms };
  const exception = exceptionOf(outcome, failure);
  if (exception === undefined && failure === undefined) return { ...outcome, result: 'passed' };
  if (exception === undefined) return { ...outcome, result: 'failed', reason: failure ?? '' };
  const reason = `${exception.reason} (${exception.source})`;
  if (failure !== undefined) return { ...outcome, result: 'known', reason };
  if (exception.sometimes === true) return { ...outcome, result: 'passed' };
  return { ...outcome, result: 'failed', reason: `it passes, but exceptions.ts says: ${reason}` };
}

async function failureOf(check: Check, lane: Lane, { from, to }: Cell): Promise<string | undefined> {
  try {
    await check.run({ lane, from, to });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function summary(name: string, all: readonly Outcome[], ms: number): string {
  const count = (result: Outcome['result']): number => all.filter((one) => one.result === result).length;
  const known = count('known') === 0 ? '' : `, ${count('known')} known`;
  const lines = [
    `${name.padEnd(44)} ${count('passed')} of ${all.length}${known}, ${(ms / 1_000).toFixed(1)} s`,
  ];
  for (const { result, check, reason = '' } of all)
    if (result !== 'passed')
      lines.push(
        `  ${result === 'failed' ? 'FAILED' : 'known'}: ${check}: ${reason.replaceAll('\n', '\n    ')}`,
      );
  return lines.join('\n');
}
