/**
 * Installs the locked dependencies; takes 50 ms when they are there already. Every npm script that needs them
 * calls this first, so `npm test` is a valid first command in a fresh clone.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, workspace } from './lib/workspace.mjs';
import { PNPM, pnpm } from './pnpm.mjs';

const packages = workspace();
const stamp = join(root, 'node_modules/.micro-setup');
const wanted = fingerprint();

if (installed()) process.exit(0);
console.log(`setup: installing the locked dependencies with ${PNPM}`);
const status = pnpm(['install', '--frozen-lockfile'], ['ignore', 'inherit', 'inherit']);
if (status === 0) {
  writeFileSync(stamp, wanted);
} else {
  console.error(
    'setup: failed. If you changed a package.json, run `npm run pnpm -- install` and commit the lockfile.',
  );
  process.exitCode = status;
}

function installed() {
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) return false;
  const needing = packages.filter(({ manifest }) => manifest.dependencies ?? manifest.devDependencies);
  return needing.every(({ dir }) => existsSync(join(root, dir, 'node_modules')));
}

/** Changes with everything that decides what is in node_modules. */
function fingerprint() {
  const files = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'package.json',
    ...packages.map(({ dir }) => `${dir}/package.json`),
  ];
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${PNPM}\n`);
  for (const file of files) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}
