import type { BenchCase } from './bench-case.ts';
import type { Cores } from './machine.ts';
import type { Row } from './row.ts';
import type { SideProcess } from './side-process.ts';
import { Team } from './team.ts';
import { takeTurns } from './turns.ts';

export interface RunOptions {
  readonly cores: Cores | undefined;
  /** Of node, for every side. */
  readonly flags: readonly string[];
  readonly rounds: number;
  readonly contenders: readonly string[];
  /** Told what is worth a line beside the figures. */
  readonly note: (text: string) => void;
}

/** Starts everybody, measures, and leaves no process behind. Rejects when a side fails or a reply is wrong. */
export async function runCase(of: BenchCase, options: RunOptions): Promise<Row[]> {
  const { cores, flags, rounds, contenders, note } = options;
  const sides: SideProcess[] = [];
  try {
    const start = (name: string): Promise<Team> =>
      Team.start(of, name, cores, flags, (side) => sides.push(side));
    const reference = await start(of.reference);
    const teams: Team[] = [];
    for (const name of contenders) teams.push(await start(name));
    const rows = await takeTurns(of, rounds, reference, teams);
    for (const team of [...teams, reference]) {
      if (!(await team.stop())) note(`${team.contender}: did not end by itself after close()`);
    }
    return rows;
  } finally {
    for (const side of sides) side.kill();
  }
}
