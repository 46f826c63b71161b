// Starts three servers, three subscribers and a client as processes of their own, stops one server and kills another
// while calls come, and says whether anything was lost.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { killAll, type Part, type Surroundings, say, start } from './cast.ts';
import { chosen } from './chosen.ts';
import { startServers } from './servers.ts';
import { judge } from './verdict.ts';

const limitMs = 55_000;
const run = randomBytes(2).toString('hex');

async function play(around: Surroundings): Promise<boolean> {
  const { registry, transport, broker } = chosen;
  say('hello', `run ${run}: servers, subscribers and a client, each a process of its own`);
  say('hello', `found by ${registry}, called over ${transport}, events by ${broker}`);
  const servers = ['greeter-1', 'greeter-2', 'greeter-3'].map((name) =>
    start(name, './server.js', [], around),
  );
  const pair = ['mailer-1', 'mailer-2'].map((name) => start(name, './subscriber.js', ['mailer'], around));
  const third = start('audit', './subscriber.js', [], around);
  const subscribers = [...pair, third];
  await Promise.all([...servers, ...subscribers].map((part) => part.until(({ ready }) => ready === true)));

  const client = start('client', './client.js', [], around);
  await client.until(({ load }) => load === true);
  const [stopped, killed, last] = servers;
  if (stopped === undefined || killed === undefined || last === undefined)
    throw new Error('three servers are needed');
  await sleep(3_000);
  say('hello', `SIGTERM to ${stopped.name}`);
  stopped.kill('SIGTERM');
  await sleep(3_000);
  say('hello', `SIGKILL to ${killed.name}`);
  const killedAt = Date.now();
  killed.kill('SIGKILL');
  await client.until(({ result }) => result !== undefined);

  const { events = 0 } = client.told.result ?? {};
  // Some brokers confirm before they deliver
  await Promise.race([arrived(pair, third, events), sleep(5_000, undefined, { ref: false })]);

  say('hello', 'now everybody stops');
  for (const part of [...subscribers, last]) part.kill('SIGTERM');
  const exits = await Promise.all(
    [client, last, ...subscribers].map(async ({ name, exit }) => ({ name, code: await exit })),
  );
  const { result } = client.told;
  if (result === undefined) throw new Error('the client has said nothing');
  const { table, wrong } = judge({
    result,
    killedAt,
    stopped: stopped.name,
    stoppedExit: await stopped.exit,
    killed: killed.name,
    repeats: broker !== 'http',
    pair: pair.map(({ told }) => told.seen ?? []),
    third: third.told.seen ?? [],
  });
  const problems = [
    ...wrong,
    ...exits.filter(({ code }) => code !== 0).map(({ name, code }) => `${name} ended with ${code}`),
  ];
  console.log(`\n${table}\n`);
  for (const problem of problems) console.log(`  WRONG: ${problem}`);
  if (problems.length === 0) console.log('  Nothing was lost that should not be.\n');
  return problems.length === 0;
}

async function arrived(pair: readonly Part[], third: Part, events: number): Promise<void> {
  const count = (part: Part): number => part.told.count ?? 0;
  const all = (): boolean =>
    count(third) >= events && pair.reduce((sum, one) => sum + count(one), 0) >= events;
  await Promise.all([...pair, third].map((part) => part.until(all)));
}

async function late(signal: AbortSignal): Promise<never> {
  await sleep(limitMs, undefined, { signal });
  throw new Error(`not ready after ${limitMs / 1_000} s`);
}

const done = new AbortController();
process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
process.once('exit', killAll);
process.stdout.once('error', () => process.exit(1)); // as in `npm start | head`
let stopServers = async (): Promise<void> => undefined;
try {
  const { env, stop } = await startServers();
  stopServers = stop;
  const around = { ...env, HELLO_RUN: run };
  process.exitCode = (await Promise.race([play(around), late(done.signal)])) ? 0 : 1;
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  done.abort();
  killAll();
  await stopServers();
}
