import { randomBytes } from 'node:crypto';
import { eventually, within } from './eventually.ts';
import { type Case, type Harness, type Scope, type Suite, skipReason } from './suite.ts';

export interface Outcome {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'waived';
  readonly durationMs: number;
  /** Why it was skipped or waived. */
  readonly reason?: string | undefined;
  readonly error?: unknown;
}

export interface RunOptions {
  /** Only cases whose name contains the text. */
  readonly only?: string | undefined;
  /** Called after each case. */
  readonly onOutcome?: ((outcome: Outcome) => void) | undefined;
}

/** A case that takes longer hangs, in ms. */
export function limitOf({ limitMs = 60_000 }: { readonly limitMs?: number | undefined }): number {
  return limitMs;
}

/** Runs the cases one after another, then `harness.cleanup`. Never rejects because of a case. */
export async function runSuite<H extends Harness<P>, P extends object>(
  suite: Suite<H, P>,
  harness: H,
  options: RunOptions = {},
): Promise<readonly Outcome[]> {
  checkWaivers(suite, harness);
  const { only, onOutcome } = options;
  const outcomes: Outcome[] = [];
  try {
    for (const one of suite.cases) {
      if (only !== undefined && !one.name.includes(only)) continue;
      const outcome = await outcomeOf(harness, one);
      outcomes.push(outcome);
      onOutcome?.(outcome);
    }
  } finally {
    await harness.cleanup?.();
  }
  return outcomes;
}

async function outcomeOf<H extends Harness<P>, P extends object>(
  harness: H,
  one: Case<H, P>,
): Promise<Outcome> {
  const { name } = one;
  const skipped = skipReason(harness, one);
  if (skipped !== undefined) return { name, status: 'skipped', durationMs: 0, reason: skipped };
  const reason = waiverOf(harness, one)?.reason;
  const start = performance.now();
  try {
    await runCase(harness, one);
    return {
      name,
      status: reason === undefined ? 'passed' : 'waived',
      durationMs: performance.now() - start,
      reason,
    };
  } catch (error) {
    return { name, status: 'failed', durationMs: performance.now() - start, error };
  }
}

/** Runs one case and cleans up after it. A waived case resolves when it fails, and rejects when it passes. */
export async function runCase<H extends Harness<P>, P extends object>(
  harness: H,
  one: Case<H, P>,
): Promise<void> {
  const waiver = waiverOf(harness, one);
  const timeoutMs = harness.patienceMs ?? 10_000;
  const undo: (() => unknown)[] = [];
  const scope: Scope<H, P> = {
    harness,
    async create() {
      const plugin = await harness.create();
      undo.push(() => closeOf(plugin)?.());
      return plugin;
    },
    defer: (one) => undo.push(one),
    eventually: (check) => eventually(check, { timeoutMs }),
    within: (promise, what) => within(promise, timeoutMs, what),
    unique: (prefix = 'case') => `${prefix}-${randomBytes(6).toString('hex')}`,
  };
  let failure: { readonly error: unknown } | undefined;
  const attempt = async (run: () => unknown): Promise<void> => {
    try {
      await run();
    } catch (error) {
      failure ??= { error };
    }
  };
  // begun after the limit's timer is set, so that a case which counts timers counts it before and after
  const start = Promise.resolve();
  await attempt(() =>
    within(
      start.then(() => one.run(scope)),
      limitOf(one),
      'the case has not ended',
    ),
  );
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
    const cleanUp = step;
    await attempt(() =>
      within(Promise.resolve(cleanUp()), limitOf(one), 'cleaning up after the case has not ended'),
    );
  }
  if (waiver === undefined && failure !== undefined) throw failure.error;
  if (waiver !== undefined && failure === undefined) {
    throw new Error(`waived ("${waiver.reason}"), but it passes: take the waiver away`);
  }
}

/** Throws for a waiver that names no case: it would hide nothing, and nobody would know. */
export function checkWaivers<H extends Harness<P>, P extends object>(suite: Suite<H, P>, harness: H): void {
  for (const waiver of harness.waivers ?? []) {
    if (suite.cases.some(({ name }) => name === waiver.case)) continue;
    throw new Error(`${harness.name} waives "${waiver.case}", which is no case of the ${suite.kind} suite`);
  }
}

/** The harness's waiver for the case. */
export function waiverOf(
  harness: Harness<object>,
  { name }: { readonly name: string },
): { readonly reason: string } | undefined {
  return harness.waivers?.find((waiver) => waiver.case === name);
}

function closeOf(plugin: object): (() => unknown) | undefined {
  if (!('close' in plugin) || typeof plugin.close !== 'function') return undefined;
  return plugin.close.bind(plugin);
}
