import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import '../src/index.ts';
import { statusOf } from '../src/errors.ts';
import { helpText } from '../src/settings.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
/** The cells of a document's table rows, without backquotes. */
const rows = (path: string): string[][] =>
  read(path)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

describe('the documents say what the code says', () => {
  test('docs/errors.md has every code with its number, in the order of the numbers, and no other', () => {
    const documented = rows('docs/errors.md')
      .filter(([, , status]) => /^\d+$/.test(status ?? ''))
      .map(([, code, status]) => [code, Number(status)]);
    expect(documented).toEqual(Object.entries(statusOf));
  });

  test('docs/errors.md has every background event, and no other', () => {
    const union = /export type BackgroundEvent =([^;]*);/.exec(read('packages/core/src/background.ts'))?.[1];
    const events = [...(union ?? '').matchAll(/'([a-z_.]+)'/g)].map(([, event]) => event);
    expect(events.length).toBeGreaterThan(10);
    const documented = rows('docs/errors.md').map(([, event]) => event);
    expect(documented.filter((event) => event?.includes('.'))).toEqual(events);
  });

  test('docs/concepts.md has every setting of the environment, and no other', () => {
    const names = (text: string): string[] => [...new Set(text.match(/MICRO_[A-Z_]+/g))].sort();
    const documented = rows('docs/concepts.md').map(([, name]) => name ?? '');
    expect(names(documented.join(' '))).toEqual(names(helpText('any')));
  });
});
