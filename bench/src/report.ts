import { draw } from './histogram.ts';
import type { Paint } from './paint.ts';
import type { Share } from './profile.ts';
import type { Row } from './row.ts';
import type { SideProfile } from './team.ts';

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

/** The rows of one case as a table, the reference first, and how their latencies are spread. */
export function report(rows: readonly Row[], paint: Paint): string {
  const inFlight = [...new Set(rows.map((row) => row.inFlight))];
  const spread = inFlight.map((n) =>
    latencies(
      n,
      rows.filter((row) => row.inFlight === n),
      paint,
    ),
  );
  return [table(rows, paint), ...spread].join('\n\n');
}

function table(rows: readonly Row[], paint: Paint): string {
  const lines = [heads, ...rows.map(cells)];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line, index) => {
      const text = line
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 0 || column === heads.length - 1 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd();
      const row = rows[index - 1];
      if (row === undefined) return paint('bold', text);
      if (row.contender === row.reference) return paint('dim', text);
      return text.replaceAll(/\bmet\b/g, paint('green', 'met')).replaceAll('MISSED', paint('red', 'MISSED'));
    })
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

function latencies(inFlight: number, rows: readonly Row[], paint: Paint): string {
  const { scale, lines } = draw(rows.map((row) => row.latencies));
  const title = `latency, ${inFlight} in flight`;
  const width = Math.max(title.length, ...rows.map(({ contender }) => contender.length + 2));
  const each = rows.map(({ contender }, index) => {
    const bars = lines[index] ?? '';
    return `${`  ${contender}`.padEnd(width)}  ${paint('cyan', bars)}`.trimEnd();
  });
  return [paint('dim', `${title.padEnd(width)}  ${scale}`), ...each].join('\n');
}

/** Where the CPU of a side went. */
export function profileReport({ side, profile }: SideProfile, paint: Paint): string {
  const { busyMs, byFile, byFunction } = profile;
  const shares = (of: readonly Share[], most: number): string[] =>
    of.slice(0, most).map(({ name, share }) => `${(share * 100).toFixed(1).padStart(6)} %  ${name}`);
  return [
    paint('bold', `${side}: ${busyMs.toFixed(0)} ms of CPU, by file`),
    ...shares(byFile, 15),
    paint('bold', `${side}: by function, without what it calls`),
    ...shares(byFunction, 25),
  ].join('\n');
}
