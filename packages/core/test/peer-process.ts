import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { build } from 'esbuild';

const folders: string[] = [];
const children = new Set<ChildProcessWithoutNullStreams>();

afterEach(async () => {
  for (const child of children) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

/** Bundles TypeScript files to plain JavaScript, removed at the end; gives the folder. */
export async function bundle(...files: readonly URL[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'core-test-'));
  folders.push(folder);
  await build({
    entryPoints: files.map((file) => fileURLToPath(file)),
    ...{ outdir: folder, outExtension: { '.js': '.mjs' } },
    ...{ bundle: true, splitting: true, platform: 'node', format: 'esm', conditions: ['@micro/source'] },
  });
  return folder;
}

interface PeerProcess {
  /** What it has written to stdout so far. */
  readonly lines: readonly string[];
  readonly errors: string;
  /** Resolves when it has written the line, that many times. */
  said(line: string, times?: number): Promise<void>;
  tell(order: string): void;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code and signal, when it has ended by itself. */
  readonly ended: Promise<unknown>;
}

/** Starts a bundled program; killed after the test where it still runs. */
export function start(
  program: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): PeerProcess {
  const child = spawn(process.execPath, [...flags, program, ...args], { env: { PATH: process.env.PATH } });
  children.add(child);
  child.once('exit', () => children.delete(child));
  let text = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const lines = (): readonly string[] => text.split('\n').slice(0, -1);
  return {
    get lines() {
      return lines();
    },
    get errors() {
      return errors;
    },
    async said(line, times = 1) {
      await eventually(() => lines().filter((one) => one === line).length >= times, { timeoutMs: 4_000 });
    },
    tell: (order) => void child.stdin.write(`${order}\n`),
    kill: (signal) => void child.kill(signal),
    ended: once(child, 'close'),
  };
}
