import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Told } from './child.ts';

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;
const colours = [36, 33, 35, 32, 34, 31, 96, 93];
let parts = 0;

/** A child process of this example, whose lines are shown behind its name. */
export interface Part {
  readonly name: string;
  /** What it has told so far, all together. */
  readonly told: Told;
  /** Resolves when the check is true; rejects when the process ends before. */
  until(check: (told: Told) => boolean): Promise<void>;
  /** Resolves to its exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): void;
}

const running = new Set<ChildProcess>();

export function say(name: string, line: string, colour = 1): void {
  const label = name.padEnd(10);
  console.log(coloured ? `\u001b[${colour}m${label}\u001b[0m ${line}` : `${label} ${line}`);
}

/** What the environment of a part has besides ours. What is in ours goes first. */
export type Surroundings = Readonly<Record<string, string>>;

export function start(name: string, file: string, args: readonly string[], around: Surroundings): Part {
  const colour = colours[parts++ % colours.length] ?? 1;
  const child = fork(new URL(file, import.meta.url), args, {
    env: { ...around, ...process.env, HELLO_NAME: name },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  let told: Told = {};
  let ended = false;
  let changed: () => void = () => undefined;
  const shown = [child.stdout, child.stderr].map(
    (output) =>
      new Promise<void>((resolve) => {
        if (output === null) return resolve();
        createInterface(output)
          .on('line', (line) => say(name, line, colour))
          .on('close', resolve);
      }),
  );
  child.on('message', (message: Told) => {
    told = { ...told, ...message };
    changed();
  });
  async function ending(): Promise<number | NodeJS.Signals | null> {
    await once(child, 'close');
    await Promise.all(shown);
    running.delete(child);
    ended = true;
    changed();
    return child.signalCode ?? child.exitCode;
  }
  return {
    name,
    get told() {
      return told;
    },
    async until(check) {
      while (!check(told)) {
        if (ended) throw new Error(`${name} has ended too early: see what it says above`);
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      }
    },
    exit: ending(),
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
