/** The one place that names the package manager's version: `npm run pnpm -- add -D x`. */
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { root } from './lib/workspace.mjs';

export const PNPM = 'pnpm@12.21.0';

/** Runs pnpm at the root and returns its exit status. npx fetches it: only npm has to be installed. */
export function pnpm(args, stdio = 'inherit') {
  const shell = process.platform === 'win32'; // npx is a .cmd there
  const { status, error } = spawnSync('npx', ['--yes', PNPM, ...args], { cwd: root, stdio, shell });
  if (error) console.error(`cannot run npx: ${error.message}`);
  return status ?? 1;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = pnpm(process.argv.slice(2));
