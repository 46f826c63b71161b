import { setTimeout as sleep } from 'node:timers/promises';
import { channel, counters, createClient, isMicroError, onBackground } from '@micro/core';
import { asChild, type Failure, tell } from './child.ts';
import { Greeted, Greeter } from './contract.ts';
import { Histogram } from './histogram.ts';
import './plugins.ts';

const loadMs = 9_000;
const inFlight = 32;
const hopeless = 1_000;

const client = createClient({ name: 'hello-client' });
const greeter = client.of(Greeter);

const times = new Histogram();
const byServer: Record<string, number> = {};
const failures: Failure[] = [];
let calls = 0;
let signed = 0;
let events = 0;

/** Notes what went wrong, and goes on. */
async function attempt<T>(what: Failure['what'], call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const delivered = isMicroError(error) ? error.delivered : undefined;
    failures.push({ what, at: Date.now(), delivered, message: String(error) });
    return undefined;
  }
}

async function timed(what: Failure['what'], call: () => Promise<{ readonly from: string }>): Promise<void> {
  const start = performance.now();
  const reply = await attempt(what, call);
  if (reply === undefined) return;
  times.add(performance.now() - start);
  byServer[reply.from] = (byServer[reply.from] ?? 0) + 1;
}

/** A server stream, and a two-way stream. Returns whether all came, in order. */
async function streams(): Promise<boolean> {
  const numbers: number[] = [];
  let server = '';
  for await (const { n, from } of greeter.count({ to: 10 })) {
    numbers.push(n);
    server = from;
  }
  console.log(`server stream from ${server}: ${numbers.join(' ')}`);

  const talk = channel<{ say: string }>();
  const lines = ['hello', 'how are you', 'bye'];
  const answers: string[] = [];
  await talk.send({ say: lines[0] ?? '' });
  for await (const { said, from } of greeter.chat(talk)) {
    console.log(`two-way stream: I say "${lines[answers.length]}", ${from} says "${said}"`);
    const next = lines[answers.push(said)];
    if (next === undefined) talk.end();
    else await talk.send({ say: next });
  }
  return numbers.join() === '1,2,3,4,5,6,7,8,9,10' && answers.join() === 'HELLO!,HOW ARE YOU!,BYE!';
}

async function callUntil(end: number): Promise<void> {
  while (performance.now() < end && failures.length < hopeless) {
    if (++calls % 8 === 0) {
      signed++;
      await timed('sign', () => greeter.sign({ name: 'Ada' }));
    } else await timed('hello', () => greeter.hello({ name: 'Ada' }));
  }
}

async function publishUntil(end: number): Promise<void> {
  while (performance.now() < end && failures.length < hopeless) {
    const n = events++;
    await attempt('publish', () => client.publish(Greeted, { n }));
    await sleep(2);
  }
}

async function main(): Promise<void> {
  const { msg, from } = await greeter.hello({ name: 'Ada' });
  console.log(`first call: ${from} says "${msg}"`);
  const streamed = await streams();

  tell({ load: true }, `${inFlight} calls in flight for ${loadMs / 1_000} s, and events beside them`);
  const forget = onBackground(({ event, subject }) => {
    if (event.startsWith('node.')) console.log(`${event.replace('.', ' ')}: ${subject}`);
  });
  const progress = setInterval(() => {
    const retried = counters()['call.retried'] ?? 0;
    console.log(`${calls} calls, ${failures.length} unanswered, ${retried} retried, ${events} events`);
  }, 1_500);
  const end = performance.now() + loadMs;
  await Promise.all([...Array.from({ length: inFlight }, () => callUntil(end)), publishUntil(end)]);
  clearInterval(progress);
  forget();
  const retried = counters()['call.retried'] ?? 0;
  const [p50, p99] = [times.percentile(0.5), times.percentile(0.99)];
  const result = { inFlight, calls, signed, failures, retried, byServer, p50, p99, events, streamed };
  tell({ result }, 'done');
  await client.close();
}

await asChild(main());
