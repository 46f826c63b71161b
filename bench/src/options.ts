import { parseArgs } from 'node:util';
import type { BenchCase } from './bench-case.ts';

export interface Options {
  readonly help: boolean;
  readonly cases: readonly BenchCase[];
  /** Undefined: all of a case. */
  readonly contenders: readonly string[] | undefined;
  /** Undefined: each case's own. */
  readonly rounds: number | undefined;
  readonly json: string | undefined;
  /** A folder for a CPU profile of every side. */
  readonly profile: string | undefined;
}

export const usage = `npm run bench -- [options]
  --case NAME        only this case; again for more
  --contender NAME   only this contender, beside the case's reference; again for more
  --rounds N         rounds of turns; more rounds scatter less
  --json FILE        writes the rows there
  --profile DIR      writes a CPU profile of every process there (node --cpu-prof)
  --help`;

/** Throws, with what there is, for names and numbers that make no sense. */
export function readOptions(args: readonly string[], all: readonly BenchCase[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: 'string', multiple: true },
      contender: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isSafeInteger(rounds) && rounds >= 1 && rounds <= 1000))
    throw new Error(`--rounds must be a whole number from 1 to 1000, not "${values.rounds}"`);
  const wanted = values.case;
  const contenders = values.contender;
  const cases = all
    .filter(({ name }) => wanted === undefined || wanted.includes(name))
    .filter(
      (one) =>
        contenders === undefined ||
        [one.reference, ...one.contenders].some((name) => contenders.includes(name)),
    );
  const names = all.map(({ name }) => name);
  for (const name of wanted ?? [])
    if (!names.includes(name)) throw new Error(`no case "${name}" (have: ${names.join(', ')})`);
  const have = [...new Set(all.flatMap((one) => [one.reference, ...one.contenders]))];
  for (const name of contenders ?? [])
    if (!have.includes(name)) throw new Error(`no contender "${name}" (have: ${have.join(', ')})`);
  if (cases.length === 0) throw new Error('no case has such a contender');
  const { help, json, profile } = values;
  return { help, cases, contenders, rounds, json, profile };
}
