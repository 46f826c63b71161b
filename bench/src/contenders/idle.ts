import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.ts';

/** A process of its own that waits, with a service over the transport, or with nothing loaded at all. */
export function idle(transport?: 'http' | 'tcp'): Contender {
  return {
    async serve() {
      const main = fileURLToPath(new URL('../idle.js', import.meta.url));
      const args = ['--conditions=@micro/bundle', main, ...(transport === undefined ? [] : [transport])];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');
      const lost = ended.then(() => Promise.reject(new Error('the process that was to wait has ended')));
      await Promise.race([once(child.stdout, 'data'), lost]);
      lost.catch(() => undefined); // from here on it ends when it is told to
      return {
        address: '',
        rssBytes: () => rssOf(child.pid ?? 0),
        async close() {
          child.kill();
          await ended;
        },
      };
    },
    connect: async () => ({ call: () => sleep(10), close: async () => undefined }),
  };
}

function rssOf(pid: number): number {
  const kilobytes =
    process.platform === 'linux'
      ? /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(kilobytes) * 1024;
}
