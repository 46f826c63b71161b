import { inspect } from 'node:util';
import type { Outcome } from './run.ts';

const paint = { passed: 32, failed: 31, skipped: 33, waived: 33 } as const;
const mark = { passed: '✓', failed: '✗', skipped: '-', waived: '~' } as const;

/** One case for people: a line, and for a failure the reason below it. */
export function outcomeLines({ name, status, durationMs, reason, error }: Outcome, colour: boolean): string {
  const more = reason === undefined ? `${Math.round(durationMs)} ms` : `${status}: ${reason}`;
  const line = `  ${painted(mark[status], paint[status], colour)} ${name} (${more})\n`;
  if (status !== 'failed') return line;
  const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  return `${line}${text.replace(/^/gm, '      ')}\n`;
}

/** How many of each. */
export function summaryLine(outcomes: readonly Outcome[], durationMs: number, colour: boolean): string {
  const counts = (Object.keys(mark) as (keyof typeof mark)[])
    .map((status) => [status, outcomes.filter((outcome) => outcome.status === status).length] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => painted(`${count} ${status}`, paint[status], colour));
  const text = counts.length > 0 ? counts.join(', ') : 'no case was run';
  return `${text} in ${(durationMs / 1000).toFixed(1)} s\n`;
}

function painted(text: string, code: number, colour: boolean): string {
  return colour ? `\u001b[${code}m${text}\u001b[0m` : text;
}
