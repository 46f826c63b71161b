import { describe, expect, test } from '@jest/globals';
import {
  eventually,
  type Framework,
  type Harness,
  type Outcome,
  runSuite,
  runUnder,
  type Suite,
} from '../src/index.ts';
import { outcomeLines, summaryLine } from '../src/report.ts';

interface Lamp {
  readonly on: boolean;
  close(): Promise<void>;
}

const closed: string[] = [];
const suite: Suite<Harness<Lamp>, Lamp> = {
  kind: 'lamp',
  cases: [
    {
      name: 'is on',
      async run({ create, defer }) {
        const lamp = await create();
        defer(() => closed.push('undone'));
        if (!lamp.on) throw new Error('it is off');
      },
    },
    { name: 'can be dimmed', needs: ['dim'], run: async () => {} },
    { name: 'refuses to be dimmed', lacks: 'dim', run: async () => {} },
    { name: 'shines through a filter', asks: ['cleanup'], run: async () => {} },
  ],
};

function lamp(on: boolean, more: Partial<Harness<Lamp>> = {}): Harness<Lamp> {
  const create = (): Lamp => ({
    on,
    async close() {
      closed.push('closed');
    },
  });
  return { name: 'lamp', features: new Set(), create, ...more };
}

function short(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.map(({ name, status, reason }) => `${status}: ${name}${reason ? ` (${reason})` : ''}`);
}

describe('the runner', () => {
  test('passes, fails and skips by name, and cleans up in reverse order also after a failure', async () => {
    for (const on of [true, false]) {
      closed.length = 0;
      const seen: Outcome[] = [];
      const outcomes = await runSuite(suite, lamp(on), { onOutcome: (outcome) => seen.push(outcome) });
      expect(short(outcomes)).toEqual([
        on ? 'passed: is on' : 'failed: is on',
        'skipped: can be dimmed (needs the feature "dim")',
        'passed: refuses to be dimmed',
        'skipped: shines through a filter (the harness has no "cleanup")',
      ]);
      expect(closed).toEqual(['undone', 'closed']);
      expect(seen).toEqual(outcomes);
    }
  });

  test('runs only what is asked for, and the cleanup of the harness after it', async () => {
    const outcomes = await runSuite(suite, lamp(true, { cleanup: async () => void closed.push('cleaned') }), {
      only: 'filter',
    });
    expect(short(outcomes)).toEqual(['passed: shines through a filter']);
    expect(closed.at(-1)).toBe('cleaned');
  });

  test('a waived case may fail, and is an error when it passes', async () => {
    const waivers = [{ case: 'is on', reason: 'no electricity' }];
    expect(short(await runSuite(suite, lamp(false, { waivers }), { only: 'is on' }))).toEqual([
      'waived: is on (no electricity)',
    ]);
    const [outcome] = await runSuite(suite, lamp(true, { waivers }), { only: 'is on' });
    expect(outcome?.status).toBe('failed');
    expect(String(outcome?.error)).toMatch(/no electricity.*passes/);
  });

  test('a waiver that names no case is an error', async () => {
    const waivers = [{ case: 'is one', reason: 'misspelt' }];
    await expect(runSuite(suite, lamp(true, { waivers }))).rejects.toThrow(/"is one".*no case/);
  });

  test('declares every case under a test framework, with reasons in the titles', async () => {
    const declared: string[] = [];
    const runs: (() => Promise<void>)[] = [];
    const framework: Framework = {
      describe: (name, declare) => {
        declared.push(name);
        declare();
      },
      test: Object.assign(
        (name: string, run: () => Promise<void>) => {
          declared.push(name);
          runs.push(run);
        },
        { skip: (name: string) => declared.push(`skip ${name}`) },
      ),
    };
    runUnder(framework, suite, lamp(true));
    expect(declared).toEqual([
      'lamp lamp',
      'is on',
      'skip can be dimmed (skipped: needs the feature "dim")',
      'refuses to be dimmed',
      'skip shines through a filter (skipped: the harness has no "cleanup")',
    ]);
    for (const run of runs) await run();
    expect(() => runUnder(framework, suite, lamp(true, { cleanup: async () => {} }))).toThrow(/afterAll/);
  });

  test('prints a line for each case, colours only where there are any', async () => {
    const outcomes = await runSuite(suite, lamp(false));
    const text = outcomes.map((outcome) => outcomeLines(outcome, false)).join('');
    expect(text).toMatch(/✗ is on \(\d+ ms\)\n {6}Error: it is off/);
    expect(text).toContain('- can be dimmed (skipped: needs the feature "dim")');
    expect(summaryLine(outcomes, 1500, false)).toBe('1 passed, 1 failed, 2 skipped in 1.5 s\n');
    expect(summaryLine(outcomes, 1500, true)).toContain('\u001b[31m1 failed\u001b[0m');
    expect(text).not.toContain('\u001b');
  });
});

describe('eventually', () => {
  test('returns what the check returns once it neither throws nor is false', async () => {
    let calls = 0;
    const check = (): number | false => {
      calls++;
      if (calls === 1) throw new Error('not yet');
      return calls < 4 ? false : calls;
    };
    expect(await eventually(check)).toBe(4);
  });

  test('gives up with the last error as the cause', async () => {
    const failing = eventually(() => Promise.reject(new Error('never')), { timeoutMs: 20 });
    await expect(failing).rejects.toMatchObject({
      message: 'not within 20 ms: never',
      cause: new Error('never'),
    });
  });
});
