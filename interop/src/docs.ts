import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { families } from './families.ts';
import { asMarkdown, matrixOf } from './matrix.ts';
import { cellName, type Outcome, subjectOf } from './outcome.ts';
import { stacks } from './stacks.ts';

const file = new URL('../../docs/go-micro.md', import.meta.url);
const kept = new URL('../../.cache/interop.json', import.meta.url);
const begin = '<!-- matrix: written by npm run interop -- --write-docs -->';
const end = '<!-- /matrix -->';

/** Keeps outcomes for the matrix, over those of earlier runs. */
export function remember(outcomes: readonly Outcome[]): void {
  const all = { ...remembered() };
  for (const outcome of outcomes) all[keyOf(outcome)] = outcome;
  mkdirSync(new URL('.', kept), { recursive: true });
  writeFileSync(kept, `${JSON.stringify(all, undefined, 1)}\n`);
}

/** Writes the matrix of the last run of every check between the two comments of docs/go-micro.md. */
export function writeDocs(versions: readonly { readonly major: string; readonly version: string }[]): void {
  const all = remembered();
  const outcomes = stacks.flatMap((stack) =>
    stack.families.flatMap((family) =>
      versions
        .filter(({ major }) => stack.majors?.includes(major) ?? true)
        .flatMap(({ version }) =>
          (['go', 'ts'] as const).flatMap((from) =>
            families[family].map(({ name: check }) => {
              const cell = {
                family,
                subject: subjectOf(family, stack),
                version,
                from,
                to: otherThan(from),
                check,
              };
              const outcome = all[keyOf(cell)];
              if (outcome !== undefined && outcome.result !== 'failed') return outcome;
              throw new Error(
                `docs/go-micro.md is not written: ${keyOf(cell)} ${outcome?.result ?? 'was never run'}`,
              );
            }),
          ),
        ),
    ),
  );
  const text = readFileSync(file, 'utf8');
  const [before, rest] = text.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined)
    throw new Error(`docs/go-micro.md has no ${begin} ... ${end}`);
  writeFileSync(file, `${before}${begin}\n${asMarkdown(matrixOf(outcomes))}\n${end}${after}`);
}

const otherThan = (language: 'go' | 'ts'): 'go' | 'ts' => (language === 'go' ? 'ts' : 'go');

const keyOf = (outcome: Parameters<typeof cellName>[0] & { readonly check: string }): string =>
  `${cellName(outcome)}: ${outcome.check}`;

function remembered(): Record<string, Outcome> {
  try {
    return JSON.parse(readFileSync(kept, 'utf8'));
  } catch {
    return {}; // nothing was ever kept
  }
}
