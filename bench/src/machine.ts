import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

/** Where sides are pinned; undefined: they are not. */
export interface Cores {
  readonly server: number;
  readonly client: number;
}

/** The first and the last core this process may use; undefined without `taskset` (util-linux). */
export function findCores(): Cores | undefined {
  try {
    const text = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
    const numbers =
      text
        .slice(text.lastIndexOf(':') + 1)
        .match(/\d+/g)
        ?.map(Number) ?? [];
    const server = numbers[0];
    const client = numbers.at(-1);
    return server === undefined || client === undefined ? undefined : { server, client };
  } catch {
    return undefined; // not installed, or not allowed to: the figures scatter more, and the report says why
  }
}

/** What the figures were measured on. */
export function describeMachine(cores: Cores | undefined): string {
  const all = cpus();
  const pinned =
    cores === undefined
      ? 'not pinned to cores (taskset of util-linux is missing)'
      : `servers on core ${cores.server}, clients on core ${cores.client}`;
  return `node ${process.versions.node}, ${process.platform} ${process.arch}, ${all.length} x ${all[0]?.model.trim() ?? 'unknown'}, ${pinned}`;
}
