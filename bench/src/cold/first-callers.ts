import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Caller } from '../contender.ts';

/** A module of this folder, by whose name `first-call` finds it. */
export interface FirstCaller {
  readonly connect: (address: string, part: string) => Promise<Caller>;
}

/** Every call is made by a process that is started for it. `caller`: the module of this folder, and its part. */
export function coldCaller([name, part = '']: readonly [string, string?], address: string): Caller {
  const main = fileURLToPath(new URL('./first-call.js', import.meta.url));
  const ended = new Set<Promise<unknown>>();
  return {
    async call(request) {
      const args = [main, name, part, address, JSON.stringify(request)];
      const child = spawn(process.execPath, ['--conditions=@micro/bundle', ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const end = once(child, 'close').finally(() => ended.delete(end));
      ended.add(end);
      let text = '';
      for await (const part of child.stdout.setEncoding('utf8')) {
        text += part;
        if (text.endsWith('\n')) break;
      }
      if (text === '') throw new Error(`the process of ${name} ended without a reply`);
      return JSON.parse(text);
    },
    async close() {
      await Promise.all(ended);
    },
  };
}
