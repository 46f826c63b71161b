import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  type BackendName,
  type BackendServer,
  startBackend,
  whyNot,
} from '../../../scripts/backends/index.mjs';

/** The server that a contender needs is not on this machine. */
class BackendMissing extends Error {
  override readonly name: string = 'BackendMissing';
}

/** Starts a real server of the contender's own, on whichever core is free. Rejects with `BackendMissing`. */
export async function ownBackend(name: BackendName): Promise<BackendServer> {
  const reason = await whyNot(name);
  if (reason !== undefined) throw new BackendMissing(reason);
  return unpinned(() => startBackend(name));
}

/** What is spawned by it may run on all the cores that the orchestrator may. */
export async function unpinned<T>(spawn: () => Promise<T>): Promise<T> {
  const own = coresOf(process.pid);
  const all = coresOf(process.ppid);
  if (own === all) return spawn();
  pin(all);
  try {
    return await spawn();
  } finally {
    pin(own);
  }
}

function coresOf(pid: number): string {
  try {
    return /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
  } catch {
    return ''; // no /proc: nobody is pinned
  }
}

function pin(cores: string): void {
  execFileSync('taskset', ['-a', '-c', '-p', cores, String(process.pid)], { stdio: 'ignore' });
}
