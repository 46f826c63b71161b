/**
 * Type-checks a generated application of 500 endpoints against the built @micro/core and holds the compiler's
 * instantiation count, which unlike seconds is the same on every machine, against its budget.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { application } from './lib/application.mjs';
import { root } from './lib/workspace.mjs';

const BUDGET = 120_000;
const options = {
  target: 'es2022',
  lib: ['es2023'],
  module: 'nodenext',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  allowImportingTsExtensions: true,
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
};

const dir = mkdtempSync(join(tmpdir(), 'micro-types-'));
try {
  mkdirSync(join(dir, 'node_modules/@micro'), { recursive: true });
  symlinkSync(join(root, 'packages/core'), join(dir, 'node_modules/@micro/core'), 'junction');
  const files = application({ contracts: 50, unary: 8, streams: 2 });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(dir, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: Object.keys(files) }),
  );
  process.exitCode = check(dir);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

function check(cwd) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', '.', '--extendedDiagnostics', '--checkers', '1', '--pretty', 'false'];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  const errors = stdout.split('\n').filter((line) => line.includes('error TS'));
  if (status !== 0) {
    console.error(errors.slice(0, 20).join('\n') || stdout);
    console.error(`types:budget: the generated application does not compile (${errors.length} errors)`);
    return 1;
  }
  const figure = (name) => Number(stdout.match(new RegExp(`^${name}:\\s+([\\d.]+)`, 'm'))[1]);
  const n = figure('Instantiations');
  const bytes = (value) => value.toLocaleString('en-US');
  console.log(
    `500 endpoints: ${bytes(n)} instantiations (${Math.round((n / BUDGET) * 100)} % of the budget of ${bytes(BUDGET)}), ${bytes(figure('Types'))} types, ${figure('Total time')} s`,
  );
  if (n <= BUDGET) return 0;
  console.error(`types:budget: over the budget by ${bytes(n - BUDGET)} instantiations`);
  return 1;
}
