import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the CPU of a process went. Shares are of the time in which it was not idle. */
export interface Profile {
  /** Not idle, in ms. */
  readonly busyMs: number;
  readonly byFile: readonly Share[];
  readonly byFunction: readonly Share[];
}

export interface Share {
  readonly name: string;
  /** In the function itself, without what it calls. */
  readonly share: number;
}

const sampleUs = 200;
const mostLines = 25;
const root: string = new URL('../../', import.meta.url).href;

/** A profile that has begun; `end` tells what it saw, and writes it to a file for Chrome's DevTools where one is named. */
export async function startProfile(): Promise<(file: string) => Promise<Profile>> {
  // loaded here, for the memory of sides that nobody profiles is measured
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  const post = (method: string, params: object = {}): Promise<object> =>
    new Promise((resolve, reject) => {
      session.post(method, params, (error, result) =>
        error === null ? resolve(result ?? {}) : reject(error),
      );
    });
  await post('Profiler.enable');
  await post('Profiler.setSamplingInterval', { interval: sampleUs });
  await post('Profiler.start');
  return async (file) => {
    const stopped = (await post('Profiler.stop')) as { readonly profile: Raw };
    session.disconnect();
    if (file !== '') writeFileSync(file, JSON.stringify(stopped.profile));
    return summary(stopped.profile);
  };
}

/** A name for the raw profile of a side. */
export function profileFile(folder: string, contender: string, role: string): string {
  return folder === '' ? '' : join(folder, `${contender}-${role}-${process.pid}.cpuprofile`);
}

/** What the inspector gives (Chrome DevTools Protocol, domain Profiler), as far as it is needed. */
interface Raw {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

function summary({ nodes, samples, timeDeltas }: Raw): Profile {
  const selfUs = new Map<number, number>();
  samples.forEach((id, index) => {
    selfUs.set(id, (selfUs.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  });
  const files = new Map<string, number>();
  const functions = new Map<string, number>();
  let busyUs = 0;
  for (const { id, callFrame } of nodes) {
    const us = selfUs.get(id) ?? 0;
    const { functionName, url, lineNumber } = callFrame;
    if (functionName === '(idle)' || us <= 0) continue;
    busyUs += us;
    const file = url === '' ? (functionName.startsWith('(') ? functionName : '(native)') : placeOf(url);
    files.set(file, (files.get(file) ?? 0) + us);
    const name = url === '' ? functionName : `${functionName || '(anonymous)'}  ${file}:${lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + us);
  }
  return { busyMs: busyUs / 1000, byFile: largest(files, busyUs), byFunction: largest(functions, busyUs) };
}

function largest(times: ReadonlyMap<string, number>, all: number): Share[] {
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, mostLines)
    .map(([name, us]) => ({ name, share: us / all }));
}

/** Of ours below the repository, of others below node_modules. */
function placeOf(url: string): string {
  const [, dependency] = /.*\/node_modules\/(?!\.pnpm)(.*)/.exec(url) ?? [];
  return dependency ?? url.replace(root, '').replace('packages/', '@micro/').replace('/dist/', '/');
}
