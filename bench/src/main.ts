import { writeFileSync } from 'node:fs';
import { cases } from './cases.ts';
import { describeMachine, findCores } from './machine.ts';
import { readOptions, usage } from './options.ts';
import { table } from './report.ts';
import type { Row } from './row.ts';
import { runCase } from './run-case.ts';
import { runSide } from './side.ts';

async function main(args: readonly string[]): Promise<void> {
  const { help, cases: wanted, contenders, rounds, json, profile } = readOptions(args, cases);
  if (help) {
    console.log(usage);
    for (const { name, about } of cases) console.log(`  case ${name}: ${about}`);
    return;
  }
  const cores = findCores();
  console.log(describeMachine(cores));
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const rows: Row[] = [];
  for (const one of wanted) {
    console.log(`\n${one.name}: ${one.about}`);
    const found = await runCase(one, {
      cores,
      flags,
      rounds: rounds ?? one.rounds,
      contenders: one.contenders.filter((name) => contenders === undefined || contenders.includes(name)),
      note: console.log,
    });
    console.log(table(found));
    rows.push(...found);
  }
  const verdicts = rows.flatMap((row) => row.targets);
  const met = verdicts.filter((verdict) => verdict.met).length;
  console.log(`\n${met} of ${verdicts.length} targets met, in ${Math.round(performance.now() / 1000)} s`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, undefined, 2)}\n`);
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
