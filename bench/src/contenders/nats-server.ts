import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startBackend } from '../../../scripts/backends/index.mjs';
import type { Served } from '../contender.ts';

/** Where a contender over NATS is reached. */
export interface Place {
  readonly url: string;
  readonly subject: string;
}

/** Starts a nats-server of the contender's own, on whichever core is free, and ends it after it. */
export async function serveOverNats(serve: (url: string) => Promise<Served>): Promise<Served> {
  const server = await unpinned(() => startBackend('nats'));
  const served = await serve(server.url);
  return {
    address: JSON.stringify({ url: server.url, subject: served.address } satisfies Place),
    async close() {
      await served.close();
      await server.close();
    },
  };
}

export function placeOf(address: string): Place {
  return JSON.parse(address);
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
  return /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}

function pin(cores: string): void {
  execFileSync('taskset', ['-a', '-c', '-p', cores, String(process.pid)], { stdio: 'ignore' });
}
