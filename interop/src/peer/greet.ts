import { setTimeout as pause } from 'node:timers/promises';
import { type MicroClient, MicroError, type NodeFilter } from '@micro/core';
import type { Arguments, Greetings } from '../protocol.ts';
import { greeter } from './contract.ts';
import { failureOf } from './failure.ts';

/** Counts how calls of Greeter.Hello end. */
class Counted implements Greetings {
  answered = 0;
  wrong = 0;
  readonly failures: Record<string, number> = {};
  readonly by: Record<string, number> = {};
  slowestMs = 0;

  /** One greeting, with a name of its own so that a reply of another call shows. */
  async one(client: MicroClient, args: Arguments, n: number): Promise<void> {
    const { service = '', version, timeoutMs } = args;
    const name = `größe ${n}`;
    const start = performance.now();
    try {
      const { msg, from } = await client
        .of(greeter(service))
        .hello({ name }, { timeoutMs, filter: versionFilter(version) });
      if (msg === `Hello ${name}`) {
        this.answered++;
        this.by[from] = (this.by[from] ?? 0) + 1;
      } else this.wrong++;
    } catch (error) {
      const { text } = failureOf(MicroError.from(error));
      this.failures[text] = (this.failures[text] ?? 0) + 1;
    }
    this.slowestMs = Math.max(this.slowestMs, Math.round(performance.now() - start));
  }
}

/** `times` calls, `parallel` at once. */
export async function greet(client: MicroClient, args: Arguments): Promise<Greetings> {
  const { times = 1, parallel = 1 } = args;
  const all = new Counted();
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < times) await all.one(client, args, next++);
  };
  await Promise.all(Array.from({ length: parallel }, caller));
  return all;
}

/** Calls until the returned function is called, `parallel` at once, each a pause after the other. */
export function startLoad(client: MicroClient, args: Arguments): () => Promise<Greetings> {
  const { parallel = 1 } = args;
  const all = new Counted();
  let next = 0;
  let over = false;
  const caller = async (): Promise<void> => {
    while (!over) {
      await all.one(client, args, next++);
      await pause(5);
    }
  };
  const callers = Promise.all(Array.from({ length: parallel }, caller));
  return async () => {
    over = true;
    await callers;
    return all;
  };
}

const filters = new Map<string, NodeFilter>();

/** The same function for the same version, so that core can keep what it chose. */
export function versionFilter(version: string | undefined): NodeFilter | undefined {
  if (version === undefined) return undefined;
  const filter = filters.get(version) ?? ((node) => node.version === version);
  filters.set(version, filter);
  return filter;
}
