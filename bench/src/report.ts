import type { Row } from './row.ts';

const heads = [
  'contender',
  'in flight',
  'calls/s',
  'p50 us',
  'p99 us',
  'CPU us',
  'CPU ratio',
  'RSS MB',
  'ratio (min-max)',
  'targets',
];

/** The rows of one case as a table, the reference first. */
export function table(rows: readonly Row[]): string {
  const lines = [heads, ...rows.map(cells)];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 0 || column === heads.length - 1 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cells(row: Row): string[] {
  const { ratio, ratioMin, ratioMax } = row;
  const isReference = row.contender === row.reference;
  return [
    row.contender,
    String(row.inFlight),
    row.callsPerSecond.toLocaleString('en-US'),
    row.p50Us.toFixed(1),
    row.p99Us.toFixed(1),
    row.cpuUs.toFixed(2),
    isReference ? '' : row.cpuRatio.toFixed(2),
    row.rssMb.toFixed(0),
    isReference ? 'reference' : `${ratio.toFixed(2)} (${ratioMin.toFixed(2)}-${ratioMax.toFixed(2)})`,
    row.targets
      .map(
        ({ figure, wanted, value, met }) =>
          `${figure} ${value.toFixed(2)}, wanted ${wanted}: ${met ? 'met' : 'MISSED'}`,
      )
      .join('; '),
  ];
}
