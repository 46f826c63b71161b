import type { Outcome } from './outcome.ts';

interface Row {
  readonly family: string;
  readonly subject: string;
  readonly cells: readonly string[];
}
export interface Matrix {
  /** `v4.11.0 Go→TS` and so on. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** Each for the number behind a cell. */
  readonly notes: readonly string[];
}

const names = { go: 'Go', ts: 'TS' } as const;

/** What passed of what was tried, by what it is about and in which direction. */
export function matrixOf(outcomes: readonly Outcome[]): Matrix {
  const notes: string[] = [];
  const columnOf = ({ version, from, to }: Outcome): string => `v${version} ${names[from]}→${names[to]}`;
  const columns = [...new Set(outcomes.map(columnOf))].sort(byVersion);
  const rows = [...new Set(outcomes.map(({ family, subject }) => `${family}\t${subject}`))].map(
    (key): Row => {
      const [family = '', subject = ''] = key.split('\t');
      const ofRow = outcomes.filter((one) => one.family === family && one.subject === subject);
      const cells = columns.map((column) =>
        cellOf(
          ofRow.filter((one) => columnOf(one) === column),
          notes,
        ),
      );
      return { family, subject, cells };
    },
  );
  const order = [...new Set(rows.map(({ family }) => family))];
  return { columns, rows: order.flatMap((family) => rows.filter((row) => row.family === family)), notes };
}

function cellOf(outcomes: readonly Outcome[], notes: string[]): string {
  if (outcomes.length === 0) return '-';
  const passed = outcomes.filter(({ result }) => result === 'passed').length;
  const marks = outcomes.flatMap(({ result, check, reason = '' }) => {
    if (result === 'passed') return [];
    return [result === 'failed' ? 'FAILED' : `[${numberOf(`${check}: ${reason}`, notes)}]`];
  });
  return [`${passed}/${outcomes.length}`, ...new Set(marks)].join(' ');
}

function numberOf(note: string, notes: string[]): number {
  if (!notes.includes(note)) notes.push(note);
  return notes.indexOf(note) + 1;
}

const byVersion = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** For a terminal. */
export function asText({ columns, rows, notes }: Matrix): string {
  const lines = [
    ['', '', ...columns],
    ...rows.map(({ family, subject, cells }) => [family, subject, ...cells]),
  ];
  const widths = (lines[0] ?? []).map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const table = lines.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('   ')
      .trimEnd(),
  );
  return [...table, ...notes.map((note, at) => `[${at + 1}] ${note}`)].join('\n');
}

/** For docs/go-micro.md. */
export function asMarkdown({ columns, rows, notes }: Matrix): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const table = [
    line(['', '', ...columns]),
    line(['', '', ...columns].map(() => '---')),
    ...rows.map(({ family, subject, cells }) => line([family, subject, ...cells])),
  ];
  return [...table, '', ...notes.map((note, at) => `- [${at + 1}] ${note}`)].join('\n').trimEnd();
}
