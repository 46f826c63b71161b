import { writeFileSync } from 'node:fs';
import { hasOpenssl } from '@micro/conformance';
import { type BackendServer, required, startBackend, whyNot } from '../../scripts/backends/index.mjs';
import { type GoPeer, goMissing, goPeer } from '../go/build.mjs';
import { remember, writeDocs } from './docs.ts';
import { Lane } from './lane.ts';
import { asText, matrixOf } from './matrix.ts';
import { type Options, readOptions, usage } from './options.ts';
import type { Outcome } from './outcome.ts';
import { runLane, wantedOf } from './run-lane.ts';
import { type Stack, stacks } from './stacks.ts';
import { makeTlsFolder } from './tls-folder.ts';

const majors = ['v4', 'v5'];

async function main(args: readonly string[]): Promise<boolean> {
  const options = readOptions(args);
  if (options.help) {
    console.log(usage);
    return true;
  }
  for (const major of majors) {
    const missing = await goMissing(major);
    if (missing === undefined) continue;
    console.log(`interop: skipped, ${missing}`);
    return !required;
  }
  const peers: [string, GoPeer][] = [];
  for (const major of majors) peers.push([major, await goPeer(major, console.log)]);
  const outcomes: Outcome[] = [];
  const left: string[] = [];
  for (const stack of stacks) {
    const lanes = peers
      .filter(([major]) => stack.majors?.includes(major) ?? true)
      .map(([, go]) => new Lane(stack, go))
      .filter((lane) => wantedOf(lane, options).length > 0);
    if (lanes.length === 0) continue;
    const reason = await obstacleOf(stack);
    if (reason !== undefined) left.push(`left out: ${Object.values(stack).slice(0, 4).join(' ')}: ${reason}`);
    else outcomes.push(...(await runStack(stack, lanes, options)));
  }
  const passed = report(outcomes, left, options);
  if (options.writeDocs) writeDocs(peers.map(([major, { version }]) => ({ major, version })));
  return passed;
}

/** Why a server that the stack needs cannot be had, or undefined. */
async function obstacleOf({ backends = [], tls = false }: Stack): Promise<string | undefined> {
  if (tls && !hasOpenssl) return 'there is no openssl on the PATH';
  for (const name of backends) {
    const reason = await whyNot(name);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

async function runStack(stack: Stack, lanes: readonly Lane[], options: Options): Promise<readonly Outcome[]> {
  const servers: BackendServer[] = [];
  const tls = stack.tls === true ? await makeTlsFolder() : undefined;
  try {
    for (const name of stack.backends ?? []) servers.push(await startBackend(name, stack.servers));
    const outcomes: Outcome[] = [];
    const run = async (lane: Lane, alone: boolean): Promise<void> => {
      const ofLane = await runLane(lane, alone, { ...options, say: console.log });
      if (!options.baseline) remember(ofLane);
      outcomes.push(...ofLane);
    };
    for (const lane of lanes) {
      lane.servers = servers;
      lane.tls = tls;
    }
    await Promise.all(lanes.map((lane) => run(lane, false)));
    for (const lane of lanes) await run(lane, true);
    return outcomes;
  } finally {
    for (const lane of lanes) await lane.close();
    for (const server of servers) await server.close();
    await tls?.remove();
  }
}

function report(outcomes: readonly Outcome[], left: readonly string[], options: Options): boolean {
  const { json } = options;
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(outcomes, undefined, 2)}\n`);
  if (outcomes.length === 0) {
    console.log(['no cell was run', ...left].join('\n'));
    return left.length > 0;
  }
  console.log(`\n${[asText(matrixOf(outcomes)), ...left].join('\n')}`);
  const count = (result: Outcome['result']): number => outcomes.filter((one) => one.result === result).length;
  const [passed, known, failed] = [count('passed'), count('known'), count('failed')];
  const time = `${Math.round(performance.now() / 1_000)} s`;
  console.log(
    `\n${passed} of ${outcomes.length} checks passed, ${known} cannot for a known reason, ${failed} failed, in ${time}`,
  );
  return failed === 0 && (left.length === 0 || !required);
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  console.error(`interop: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
