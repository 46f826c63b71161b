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
  /** Say where the CPU goes, instead of how fast it is. */
  readonly profile: boolean;
  /** A folder for the raw profile of every process; empty: none. */
  readonly profileDir: string;
}

export const usage = `npm run bench -- [options]
  --case NAME        only this case, or those that 'tcp*' matches; again for more
  --contender NAME   only this contender, beside the case's reference; again for more
  --in-flight N      only with so many calls in flight; again for more
  --rounds N         rounds of turns; more rounds scatter less
  --json FILE        writes the rows there
  --profile          says where the CPU of each process goes, instead (npm run bench:profile)
  --profile-dir DIR  writes the profiles there too, for Chrome's DevTools
  --help`;

/** Throws, with what there is, for names and numbers that make no sense. */
export function readOptions(args: readonly string[], all: readonly BenchCase[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: 'string', multiple: true },
      contender: { type: 'string', multiple: true },
      'in-flight': { type: 'string', multiple: true },
      rounds: { type: 'string' },
      json: { type: 'string' },
      profile: { type: 'boolean', default: false },
      'profile-dir': { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, json, profile, contender: contenders, case: patterns } = values;
  const rounds = values.rounds === undefined ? undefined : wholeOf('--rounds', values.rounds);
  const inFlight = values['in-flight']?.map((text) => wholeOf('--in-flight', text));
  const have = [...new Set(all.flatMap(namesIn))];
  for (const name of contenders ?? [])
    if (!have.includes(name)) throw new Error(`no contender "${name}" (have: ${have.join(', ')})`);
  const wanted = patterns === undefined ? all : casesOf(patterns, all);
  const cases = wanted
    .filter((one) => contenders === undefined || namesIn(one).some((name) => contenders.includes(name)))
    .map((one) => (inFlight === undefined ? one : { ...one, inFlight }));
  if (cases.length === 0) throw new Error('no case has such a contender');
  return { help, cases, contenders, rounds, json, profile, profileDir: values['profile-dir'] };
}

function namesIn({ reference, contenders }: BenchCase): string[] {
  return [reference, ...contenders];
}

function casesOf(patterns: readonly string[], all: readonly BenchCase[]): BenchCase[] {
  const matched = patterns.map((pattern) => {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[^a-z0-9-]/g, '\\$&'));
    const matches = new RegExp(`^${parts.join('.*')}$`);
    const found = all.filter(({ name }) => matches.test(name));
    const names = all.map(({ name }) => name);
    if (found.length === 0) throw new Error(`no case "${pattern}" (have: ${names.join(', ')})`);
    return found;
  });
  return all.filter((one) => matched.some((found) => found.includes(one)));
}

function wholeOf(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && value <= 1000) return value;
  throw new Error(`${option} must be a whole number from 1 to 1000, not "${text}"`);
}
