/** Latencies counted by size: two columns a doubling, the first one up to 0.1 us. */
export type Histogram = readonly number[];

const perDoubling = 2;
const leastUs = 0.1;
const mostColumns = 64;
const blocks = ' ▁▂▃▄▅▆▇█';

export function histogramOf(latenciesUs: readonly number[]): Histogram {
  const counts: number[] = [];
  for (const us of latenciesUs) {
    const column = Math.max(0, Math.ceil(perDoubling * Math.log2(us / leastUs)));
    const index = Math.min(mostColumns - 1, column);
    while (counts.length <= index) counts.push(0);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

/** All of them as one. */
export function sumOf(histograms: readonly Histogram[]): Histogram {
  const columns = Math.max(0, ...histograms.map(({ length }) => length));
  return Array.from({ length: columns }, (_, column) =>
    histograms.reduce((sum, one) => sum + (one[column] ?? 0), 0),
  );
}

/**
 * A line of blocks for each, under a scale that all share. A column is as high as its share of the calls; a few calls
 * show as the lowest block, so that tails are seen.
 */
export function draw(histograms: readonly Histogram[]): { readonly scale: string; readonly lines: string[] } {
  const used = histograms.flatMap((one) => [...one.keys()].filter((column) => (one[column] ?? 0) > 0));
  const from = Math.min(...used);
  const columns = Math.max(...used) - from + 1;
  if (!Number.isFinite(columns)) return { scale: '', lines: histograms.map(() => '') };
  const lines = histograms.map((one) => {
    const highest = Math.max(...one);
    return Array.from({ length: columns }, (_, column) => {
      const count = one[from + column] ?? 0;
      return blocks[Math.ceil((count / highest) * (blocks.length - 1))] ?? ' ';
    }).join('');
  });
  return { scale: scaleOf(from, columns), lines };
}

/** The upper end of a column, where a power of ten falls into it. */
function scaleOf(from: number, columns: number): string {
  let scale = '';
  for (let us = leastUs; us <= 1e8; us *= 10) {
    const column = Math.ceil(perDoubling * Math.log2(us / leastUs)) - from;
    if (column < scale.length || column >= columns) continue;
    scale = `${scale.padEnd(column)}|${textOf(us)} `;
  }
  return scale.trimEnd();
}

function textOf(us: number): string {
  if (us < 1_000) return `${Number(us.toPrecision(1))}us`;
  return us < 1e6 ? `${us / 1_000}ms` : `${us / 1e6}s`;
}
