import type { BenchCase } from './bench-case.ts';
import type { Row } from './row.ts';
import { Missing, type SideProcess } from './side-process.ts';
import { Team, type TeamOptions } from './team.ts';
import { takeTurns } from './turns.ts';

export interface RunOptions extends TeamOptions {
  /** Told what is worth a line beside the figures. */
  readonly note: (text: string) => void;
}

/**
 * Starts the contenders' processes, uses them, and leaves none behind. Who needs a server that is not here is left
 * out, with a note. Rejects when a side fails or a reply is wrong.
 */
export async function withTeams<T>(
  of: BenchCase,
  contenders: readonly string[],
  { note, ...options }: RunOptions,
  use: (teams: readonly Team[]) => Promise<T>,
): Promise<T> {
  const sides: SideProcess[] = [];
  try {
    const teams: Team[] = [];
    for (const name of contenders) {
      try {
        teams.push(await Team.start(of, name, options, (side) => sides.push(side)));
      } catch (error) {
        if (!(error instanceof Missing)) throw error;
        note(`${name} is left out: ${error.message}`);
      }
    }
    const result = await use(teams);
    for (const team of [...teams].reverse()) {
      if (!(await team.stop())) note(`${team.contender}: did not end by itself after close()`);
    }
    return result;
  } finally {
    for (const side of sides) side.kill();
  }
}

/** Measures a case. No rows when the reference is missing. */
export function runCase(
  of: BenchCase,
  contenders: readonly string[],
  rounds: number,
  options: RunOptions,
): Promise<Row[]> {
  return withTeams(of, [of.reference, ...contenders], options, async ([reference, ...others]) =>
    reference?.contender === of.reference ? takeTurns(of, rounds, reference, others) : [],
  );
}
