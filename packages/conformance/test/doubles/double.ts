import type { Case, Harness, Suite } from '../../src/suite.ts';

/** A plugin that is broken on purpose, and the case that has to notice. */
export interface Double<H> {
  readonly name: string;
  readonly caughtBy: string;
  readonly harness: H;
}

/** The case of that name. Throws when there is none: a renamed case would make its double meaningless. */
export function caseOf<H extends Harness<P>, P extends object>(suite: Suite<H, P>, name: string): Case<H, P> {
  const found = suite.cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the ${suite.kind} suite has no case "${name}"`);
  return found;
}

/** Timers that leaking doubles leave behind, for the test to end them. */
export const leaked: NodeJS.Timeout[] = [];

export function leak(): void {
  leaked.push(setInterval(() => {}, 60_000));
}
