// The crowd beside a quiet caller, as a process: node crowd.js KIND ADDRESS. Ends when its parent lets go of it.
import '@micro/transport-tcp';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { createClient, memoryRegistry, roundRobin } from '@micro/core';
import type { Message } from './contender.ts';
import { nodesOf } from './contenders/many.ts';
import { bench, type Place } from './contenders/ours.ts';

const [kind = '', address = '{}'] = process.argv.slice(2);
const connections = kind === 'connections' ? 10_000 : 1;
const atOnce = 1_000;
const under = 100_000;
const request: Message = { name: 'crowd', n: 1, crowd: true };

const place: Place = JSON.parse(address);
const registry = memoryRegistry({ network: 'crowd' });
for (const record of place.records) {
  await registry.register(nodesOf(record, connections), { ttlMs: 86_400_000 });
}
const client = createClient({
  ...{ registry, selector: roundRobin(), broker: 'memory', codec: 'json' },
  ...{ transport: 'tcp', ambient: false, timeoutMs: 600_000 },
});
const { call } = client.of(bench);
let going = false;
let lanes = 0;

await call({ name: 'first', n: 0 }); // until the connection is there only so many may wait for it
if (kind === 'connections') {
  for (let made = 0; made < connections; made += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, () => call(request)));
  }
} else if (kind === 'held') {
  const held: Promise<Message>[] = [];
  while (held.length < under) {
    held.push(call(request));
    if (held.length % atOnce === 0) await setImmediate();
  }
  void Promise.allSettled(held);
} else {
  await call(request);
  process.on('message', (go: boolean) => {
    going = go;
    for (; go && lanes < under; lanes++) void again();
  });
}
await once(process, 'disconnect');
going = false;
await client.close();

async function again(): Promise<void> {
  while (going) await call(request);
  lanes--;
}
