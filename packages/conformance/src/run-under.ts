import { checkWaivers, limitOf, runCase, waiverOf } from './run.ts';
import { type Harness, type Suite, skipReason } from './suite.ts';

/** The functions of a test runner: those of jest (`@jest/globals`) and of `node:test` both fit. */
export interface Framework {
  readonly describe: (name: string, declare: () => void) => unknown;
  readonly test: TestFunction;
  /** jest's name for it. */
  readonly afterAll?: ((run: () => Promise<void>) => unknown) | undefined;
  /** node:test's name for it. */
  readonly after?: ((run: () => Promise<void>) => unknown) | undefined;
}

export interface TestFunction {
  (name: string, run: () => Promise<void>, timeoutMs?: number): unknown;
  readonly skip: (name: string, run: () => Promise<void>) => unknown;
}

/** Declares each case as a test. Skipped ones show their reason in the title, waived ones theirs. */
export function runUnder<H extends Harness<P>, P extends object>(
  framework: Framework,
  suite: Suite<H, P>,
  harness: H,
): void {
  checkWaivers(suite, harness);
  const { describe, test } = framework;
  const after = framework.afterAll ?? framework.after;
  if (harness.cleanup !== undefined && after === undefined) {
    throw new Error(
      `the harness of ${harness.name} has a cleanup: give runUnder afterAll (jest) or after (node:test) too`,
    );
  }
  describe(`${suite.kind} ${harness.name}`, () => {
    for (const one of suite.cases) {
      const run = (): Promise<void> => runCase(harness, one);
      const reason = skipReason(harness, one);
      const waiver = waiverOf(harness, one);
      if (reason !== undefined) test.skip(`${one.name} (skipped: ${reason})`, run);
      else if (waiver !== undefined) test(`${one.name} (waived: ${waiver.reason})`, run, 3 * limitOf(one));
      else test(one.name, run, 3 * limitOf(one));
    }
    if (harness.cleanup !== undefined) after?.(() => harness.cleanup?.() ?? Promise.resolve());
  });
}
