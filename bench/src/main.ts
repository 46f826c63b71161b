import { mkdirSync, writeFileSync } from 'node:fs';
import type { BenchCase } from './bench-case.ts';
import { cases } from './cases.ts';
import { describeMachine, findCores } from './machine.ts';
import { type Options, readOptions, usage } from './options.ts';
import { paintFor } from './paint.ts';
import { profileReport, report } from './report.ts';
import type { Row } from './row.ts';
import { type RunOptions, runCase, withTeams } from './run-case.ts';
import { runSide } from './side.ts';

const warmMs = 1_500;
const profileMs = 2_000;
const paint = paintFor(process.stdout);

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args, cases);
  const { help, cases: wanted, contenders, rounds, json, profile, profileDir } = options;
  if (help) {
    console.log(usage);
    for (const { name, about } of cases) console.log(`  case ${name}: ${about}`);
    return;
  }
  const cores = findCores();
  console.log(describeMachine(cores));
  const run: RunOptions = { cores, bundles: !profile, note: console.log };
  if (profileDir !== '') mkdirSync(profileDir, { recursive: true });
  const rows: Row[] = [];
  for (const one of wanted) {
    console.log(`\n${paint('bold', one.name)}: ${one.about}`);
    if (profile) {
      await profileCase(one, options, run);
      continue;
    }
    const among = one.contenders.filter((name) => contenders === undefined || contenders.includes(name));
    const found = await runCase(one, among, rounds ?? one.rounds, run);
    console.log(report(found, paint));
    rows.push(...found);
  }
  const seconds = Math.round(performance.now() / 1000);
  const verdicts = rows.flatMap((row) => row.targets);
  const met = verdicts.filter((verdict) => verdict.met).length;
  console.log(profile ? `\nin ${seconds} s` : `\n${met} of ${verdicts.length} targets met, in ${seconds} s`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, undefined, 2)}\n`);
}

/** Where the CPU of the case's contenders goes, or of those that were named, the reference too. */
async function profileCase(
  one: BenchCase,
  { contenders, profileDir }: Options,
  run: RunOptions,
): Promise<void> {
  const among =
    contenders === undefined
      ? one.contenders
      : [one.reference, ...one.contenders].filter((name) => contenders.includes(name));
  for (const name of among) {
    await withTeams(one, [name], run, async ([team]) => {
      for (const inFlight of team === undefined ? [] : one.inFlight) {
        await team?.turn(inFlight, warmMs);
        const profiles = await team?.profile(() => team.turn(inFlight, profileMs), profileDir);
        for (const profile of profiles ?? [])
          console.log(`\n${inFlight} in flight\n${profileReport(profile, paint)}`);
      }
    });
  }
}

const [mode, part = ''] = process.argv.slice(2);
if (mode === 'side') {
  await runSide(JSON.parse(part));
} else {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
