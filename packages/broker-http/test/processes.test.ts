import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { createClient, topic, type } from '@micro/core';
import '@micro/registry-mdns';
import { build } from 'esbuild';
import '../src/index.ts';

const children: ChildProcessWithoutNullStreams[] = [];
let folder = '';
let port = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broker-http-'));
  await build({
    entryPoints: [fileURLToPath(new URL('./peer.ts', import.meta.url))],
    outfile: join(folder, 'peer.mjs'),
    // dns-packet is CommonJS and calls require
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@micro/source'],
  });
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
  await rm(folder, { recursive: true });
});

function subscriber(
  group: string,
  queue = '',
): { lines(): string[]; exit(): Promise<unknown>; kill(): Promise<unknown> } {
  const child = spawn(process.execPath, [join(folder, 'peer.mjs'), String(port), group, queue]);
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
