import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { createClient, topic, type } from '@micro/core';
import '@micro/registry-mdns';
import { bundled } from '../../../testing/bundled.ts';
import '../src/index.ts';

const children: ChildProcessWithoutNullStreams[] = [];
const peerFile = bundled(new URL('./peer.ts', import.meta.url));
let port = 0;

beforeAll(async () => {
  const socket = createSocket('udp4').bind(0);
  await once(socket, 'listening');
  port = (socket.address() as AddressInfo).port;
  socket.close();
});

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

function subscriber(
  group: string,
  queue = '',
): { lines(): string[]; exit(): Promise<unknown>; kill(): Promise<unknown> } {
  const child = spawn(process.execPath, [peerFile(), String(port), group, queue]);
  children.push(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += String(chunk);
  });
  child.stderr.pipe(process.stderr);
  return {
    lines: () => text.split('\n').slice(0, -1),
    exit: () => {
      const exit = once(child, 'exit');
      child.stdin.end();
      return exit;
    },
    kill: () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      return exit;
    },
  };
}

test('processes that find each other over mDNS share and copy events, also after one was killed', async () => {
  const group = `t${process.pid}`;
  const members = [subscriber(group, 'queue'), subscriber(group, 'queue')];
  const [all, killed] = [subscriber(group), subscriber(group, 'queue')];
  const everybody = [...members, all, killed];
  await eventually(() => everybody.every(({ lines }) => lines()[0] === 'ready'));
  const client = createClient({ registry: { mdns: { port, interface: '127.0.0.1' } }, broker: 'http' });
  const events = topic(group, type<number>());
  try {
    const first = Array.from({ length: 100 }, (_, n) => n);
    await client.publishAll(events, first);
    await killed.kill();
    const second = first.map((n) => n + 100);
    await client.publishAll(events, second);
    await Promise.all([...members, all].map(({ exit }) => exit()));
    const numbers = (of: readonly { lines(): string[] }[]): number[] =>
      of.flatMap(({ lines }) => lines().slice(1).map(Number)).sort((a, b) => a - b);
    expect(numbers([all])).toEqual([...first, ...second]);
    // What the killed one had printed has left it: publishing waited for its handler
    expect(numbers([...members, killed])).toEqual([...first, ...second]);
    for (const one of [...members, killed]) expect(one.lines().length).toBeGreaterThan(1);
  } finally {
    await client.close();
  }
}, 60_000);
