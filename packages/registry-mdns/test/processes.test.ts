import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import type { Registry, RegistryChange } from '@micro/core';
import { bundled } from '../../../testing/bundled.ts';
import { mdnsRegistry } from '../src/index.ts';
import { ownGroup } from './port.ts';

const group = await ownGroup();
const children = new Set<ChildProcessWithoutNullStreams>();
const registries: Registry[] = [];
const peerFile = bundled(new URL('./peer.ts', import.meta.url));

afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close();
  for (const child of children) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

async function peer(
  name: string,
  ttlMs: number,
): Promise<{ child: ChildProcessWithoutNullStreams; ask(order: string): Promise<string> }> {
  const child = spawn(process.execPath, [peerFile(), String(group.port), name, String(ttlMs)]);
  children.add(child);
  child.once('exit', () => children.delete(child));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  expect(await line()).toBe('registered');
  const ask = (order: string): Promise<string> => {
    child.stdin.write(`${order}\n`);
    return line();
  };
  return { child, ask };
}

function registry(): Registry {
  const made = mdnsRegistry(group);
  registries.push(made);
  return made;
}

/** The ids that a watch adds up to. */
async function follow(name: string): Promise<{ readonly ids: ReadonlySet<string> }> {
  const ids = new Set<string>();
  let begun = false;
  const changed = (change: RegistryChange): void => {
    begun = true;
    if (change.type === 'remove') for (const id of change.ids) ids.delete(id);
    else
      for (const one of change.type === 'list' ? change.services : [change.service])
        for (const { id } of one.nodes) ids.add(id);
  };
  const watching = registry().watch(name, changed, { signal: new AbortController().signal });
  await eventually(() => begun);
  watching.catch(() => ids.clear());
  return { ids };
}

test('two processes find each other, and one that ends its input takes its service out at once', async () => {
  const other = await peer('theirs', 60_000);
  const ours = registry();
  const record = {
    name: 'ours',
    version: '2',
    metadata: {},
    endpoints: [],
    nodes: [{ id: 'ours-1', address: '[::1]:9', metadata: {} }],
  };
  await ours.register(record, { ttlMs: 60_000 });
  const watch = await follow('theirs');
  expect(await ours.getService('theirs')).toMatchObject([
    { version: '1', nodes: [{ address: '127.0.0.1:4000' }] },
  ]);
  expect(JSON.parse(await other.ask('find ours'))).toEqual([record]);
  expect([...watch.ids]).toEqual([`theirs-${other.child.pid}`]);
  other.child.stdin.write('leave\n');
  await eventually(() => watch.ids.size === 0, { timeoutMs: 5_000 });
  expect(await ours.getService('theirs')).toEqual([]);
  other.child.stdin.end();
  expect(await once(other.child, 'exit')).toEqual([0, null]);
});

test('a process that was killed is gone within its TTL, and not before', async () => {
  const other = await peer('doomed', 2_000);
  const watch = await follow('doomed');
  expect(watch.ids.size).toBe(1);
  other.child.kill('SIGKILL');
  await once(other.child, 'exit');
  expect(watch.ids.size).toBe(1);
  await eventually(() => watch.ids.size === 0); // of the 75 minutes that mDNS has for a record
});
