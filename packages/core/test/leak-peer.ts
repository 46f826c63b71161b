// Calls, streams and events in memory, many times over; then what they have left behind, as JSON.
import { getEventListeners } from 'node:events';
import { contract, createClient, createService, rpc, stream, topic, type } from '../src/index.ts';

const number = type<number>();
const Work = contract('work', 'Work', {
  add: rpc({ request: number, response: number }),
  fail: rpc({ request: number, response: number }),
  hang: rpc({ request: number, response: number }),
  nested: rpc({ request: number, response: number }),
  count: rpc({ request: number, response: stream(number) }),
  sum: rpc({ request: stream(number), response: number }),
  chat: rpc({ request: stream(number), response: stream(number) }),
});
const News = topic('news', number);

const service = createService({ name: 'work', leaveMs: 0, broker: { memory: { retain: 0 } } });
const inner = service.client.of(Work);
service.handle(Work, {
  add: (n) => n + 1,
  fail: () => Promise.reject(new Error('as it should')),
  hang: (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  nested: (n) => inner.add(n),
  async *count(to) {
    for (let n = 0; n < to; n++) yield n;
  },
  async sum(numbers) {
    let sum = 0;
    for await (const n of numbers) sum += n;
    return sum;
  },
  async *chat(numbers) {
    for await (const n of numbers) yield n;
  },
});
let heard = 0;
service.subscribe(News, () => void heard++);
// More than Node takes as listeners of one signal without a warning
for (let n = 0; n < 12; n++) service.subscribe(topic(`more ${n}`, number), () => undefined);
await service.start();
const client = createClient();
const api = client.of(Work);

async function* list(to: number): AsyncGenerator<number, void, undefined> {
  for (let n = 0; n < to; n++) yield n;
}
const dropped = (): undefined => undefined;
const all = new AbortController();

async function round(calls: number): Promise<void> {
  for (let n = 0; n < calls; n += 100) {
    await Promise.all(Array.from({ length: 94 }, (_, at) => api.add(at, { signal: all.signal })));
    await api.nested(n, { metadata: { tenant: 'ada' } });
    await api.fail(n).catch(dropped);
    await api.hang(n, { timeoutMs: 1 }).catch(dropped);
    const one = new AbortController();
    const left = api.hang(n, { signal: one.signal }).catch(dropped);
    one.abort();
    await left;
    await client.call('work', `Work.${n % 7}`, n, { retries: 0 }).catch(dropped); // not there
    await client.publish(News, n);
    if (n % 500 !== 0) continue;
    for await (const at of api.count(20)) if (at === 10) break;
    for await (const _ of api.count(3));
    await api.sum(list(40));
    for await (const _ of api.chat(list(5)));
    for await (const _ of api.chat(list(5), { signal: all.signal })) break;
  }
}

async function heap(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  return process.memoryUsage().heapUsed;
}

const alive = setInterval(() => undefined, 1_000); // calls in memory have no socket that keeps the process
const calls = Number(process.argv[2]);
await round(calls); // until the engine has compiled what it will
const before = await heap();
await round(calls);
const grownBytes = (await heap()) - before;
const listeners = getEventListeners(all.signal, 'abort').length;
await client.close();
await service.stop();
clearInterval(alive);
const left = process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|File/.test(name));
process.stdout.write(
  `${JSON.stringify({ grownBytes, listeners, heard: heard > 0, left, gc: 'gc' in globalThis })}\n`,
);
