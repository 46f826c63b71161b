import { readFileSync, writeFileSync } from 'node:fs';
import { asMarkdown, type Matrix } from './matrix.ts';

const file = new URL('../../docs/go-micro.md', import.meta.url);
const begin = '<!-- matrix: written by npm run interop -- --write-docs -->';
const end = '<!-- /matrix -->';

/** Writes the matrix between the two comments of docs/go-micro.md. */
export function writeDocs(matrix: Matrix): void {
  const text = readFileSync(file, 'utf8');
  const [before, rest] = text.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined)
    throw new Error(`docs/go-micro.md has no ${begin} ... ${end}`);
  writeFileSync(file, `${before}${begin}\n${asMarkdown(matrix)}\n${end}${after}`);
}
