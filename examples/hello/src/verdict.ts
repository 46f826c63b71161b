import type { Result } from './child.ts';

export interface Run {
  readonly result: Result;
  /** When one server was killed, in ms since the epoch. */
  readonly killedAt: number;
  readonly stoppedExit: number | string | null;
  readonly stopped: string;
  readonly killed: string;
  readonly pair: readonly (readonly number[])[];
  readonly third: readonly number[];
  /** Whether the broker delivers at least once, and so perhaps more than once. */
  readonly repeats: boolean;
}

/** What a call in flight at a killed server may take to fail. */
const aftermathMs = 2_000;

/** What people read, and what went wrong. */
export function judge(run: Run): { readonly table: string; readonly wrong: readonly string[] } {
  const { result, killedAt, pair, third, killed, stopped } = run;
  const { calls, signed, retried, failures, byServer, events, p50, p99 } = result;
  // What the killed server had been sent and must not be sent twice: nobody can know whether it was done
  const unknown = failures.filter(
    ({ what, at, delivered }) =>
      what === 'sign' && delivered === 'maybe' && at >= killedAt && at < killedAt + aftermathMs,
  );
  const failed = failures.filter((failure) => !unknown.includes(failure));
  const shared = pair.flat();

  const wrong = failed.slice(0, 5).map(({ what, message }) => `${what} failed: ${message}`);
  if (failed.length > 5) wrong.push(`and ${failed.length - 5} more failed`);
  if (unknown.length > result.inFlight)
    wrong.push(
      `${unknown.length} calls with unknown outcome: no more than ${result.inFlight} were in flight`,
    );
  if (!result.streamed) wrong.push('a stream did not give what it should');
  if (run.stoppedExit !== 0) wrong.push(`${stopped} did not stop well: ${run.stoppedExit}`);
  if (!isAll(shared, events, run.repeats))
    wrong.push(
      `the queue got ${shared.length} events, should have got ${events}${run.repeats ? '' : ' once each'}`,
    );
  if (!isAll(third, events, run.repeats))
    wrong.push(`the third subscriber got ${third.length} events of ${events}`);
  if (pair.some((seen) => seen.length === 0)) wrong.push('a member of the queue got nothing');
  if (Object.keys(byServer).length < 3) wrong.push('a server got no call');

  const answered = Object.values(byServer).reduce((sum, count) => sum + count, 0);
  const note = (server: string): string =>
    server === stopped ? 'stopped while calls came' : server === killed ? 'killed while calls came' : '';
  const rows = [
    ['calls', number(calls), `${number(signed)} of them not to be repeated`],
    ['failed', number(failed.length), ''],
    [
      'outcome unknown',
      number(unknown.length),
      `in flight at ${killed} when it was killed, and not repeatable`,
    ],
    ['retried', number(retried), ''],
    ...Object.entries(byServer)
      .sort()
      .map(([server, count]) => [server, `${((count / answered) * 100).toFixed(1)} %`, note(server)]),
    ['p50', `${p50.toFixed(2)} ms`, `${result.inFlight} calls in flight`],
    ['p99', `${p99.toFixed(2)} ms`, ''],
    ['events sent', number(events), ''],
    [
      'the queue got',
      number(shared.length),
      `shared ${pair.map(({ length }) => number(length)).join(' + ')}${twice(shared)}`,
    ],
    ['the third got', number(third.length), twice(third)],
  ];
  const table = rows.map(
    ([name = '', value = '', remark = '']) => `  ${name.padEnd(16)}${value.padStart(12)}   ${remark}`,
  );
  return { table: table.map((line) => line.trimEnd()).join('\n'), wrong };
}

const number = (value: number): string => value.toLocaleString('en-US');

function twice(seen: readonly number[]): string {
  const count = seen.length - new Set(seen).size;
  return count === 0 ? '' : `, ${number(count)} of them twice`;
}

/** Each number from 0, once or more often where that is allowed. */
function isAll(seen: readonly number[], count: number, repeats: boolean): boolean {
  const different = new Set(seen);
  return (
    different.size === count && seen.every((n) => n >= 0 && n < count) && (repeats || seen.length === count)
  );
}
