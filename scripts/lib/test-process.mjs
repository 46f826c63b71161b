/**
 * A Node process for a test that needs one to kill or to freeze: a TypeScript file with what it imports from the
 * workspace in one bundle, beside the package's node_modules so that its dependencies are found. It ends with the
 * test process when it ends with its standard input.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Starts it; resolves when it has written the line. */
export async function startTestProcess(entry, args, line) {
  const file = fileURLToPath(entry);
  const folder = await mkdtemp(join(dirname(dirname(file)), 'node_modules', '.test-process-'));
  const outfile = join(folder, 'main.mjs');
  const workspace = { name: 'workspace', setup: bundleWorkspaceOnly };
  const options = { bundle: true, platform: 'node', format: 'esm', conditions: ['@micro/source'] };
  await build({ ...options, entryPoints: [file], outfile, plugins: [workspace], logLevel: 'silent' });
  const child = spawn(process.execPath, [outfile, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit').then(([code]) => code);
  const written = [];
  createInterface(child.stdout).on('line', (text) => written.push(text));
  await Promise.race([
    exited.then((code) => Promise.reject(new Error(`${file} ended with ${code}: ${written.join('\n')}`))),
    waitFor(() => written.includes(line) || child.exitCode !== null),
  ]);
  return {
    exited,
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    end: () => child.stdin.end(),
    async kill() {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function bundleWorkspaceOnly({ onResolve }) {
  onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
    kind === 'entry-point' || path.startsWith('@micro/') ? undefined : { path, external: true },
  );
}

async function waitFor(check) {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 10));
}
