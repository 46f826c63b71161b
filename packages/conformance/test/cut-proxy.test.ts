import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type CutProxy, cutProxy, eventually } from '../src/index.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A proxy to a server that gives back what it gets. */
async function echo(): Promise<CutProxy> {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await cutProxy((server.address() as AddressInfo).port);
  undo.push(() => server.close(), proxy.close);
  return proxy;
}

async function client(
  proxy: CutProxy,
): Promise<{ readonly socket: Socket; text(): string; isClosed(): boolean }> {
  const socket = connect(proxy.port, '127.0.0.1');
  let [text, closed] = ['', false];
  socket.on('data', (bytes) => {
    text += bytes;
  });
  socket.on('error', () => {});
  socket.once('close', () => {
    closed = true;
  });
  undo.push(() => socket.destroy());
  await once(socket, 'connect');
  return { socket, text: () => text, isClosed: () => closed };
}

describe('the proxy of fault suites', () => {
  test('passes bytes both ways, and the end of either half', async () => {
    const { socket, text, isClosed } = await client(await echo());
    socket.end('hello');
    await eventually(() => text() === 'hello' && isClosed());
  });

  test('cuts what is connected and lets new connections pass', async () => {
    const proxy = await echo();
    const [old] = [await client(proxy)];
    old.socket.write('before');
    await eventually(() => old.text() === 'before');
    expect(proxy.connections).toBe(1);
    proxy.cut();
    await eventually(old.isClosed);
    const fresh = await client(proxy);
    fresh.socket.write('after');
    await eventually(() => fresh.text() === 'after');
  });

  test('ends a connection in the middle of an answer, once', async () => {
    const proxy = await echo();
    const old = await client(proxy);
    proxy.cutMidway();
    old.socket.write('all of it');
    await eventually(old.isClosed);
    expect(old.text()).toBe('all ');
    const fresh = await client(proxy);
    fresh.socket.write('all of it');
    await eventually(() => fresh.text() === 'all of it');
  });

  test('refuses connections until it is restored, on the same port', async () => {
    const proxy = await echo();
    const old = await client(proxy);
    await proxy.refuse();
    await eventually(old.isClosed);
    await expect(client(proxy)).rejects.toThrow('ECONNREFUSED');
    await proxy.restore();
    const { socket, text } = await client(proxy);
    socket.write('again');
    await eventually(() => text() === 'again');
  });

  test('silent, it holds everything back until it is restored', async () => {
    const proxy = await echo();
    const old = await client(proxy);
    old.socket.write('1');
    await eventually(() => old.text() === '1');
    proxy.silence();
    const fresh = await client(proxy);
    old.socket.write('2');
    fresh.socket.write('3');
    await eventually(() => proxy.connections === 2);
    expect([old.text(), fresh.text()]).toEqual(['1', '']);
    await proxy.restore();
    await eventually(() => old.text() === '12' && fresh.text() === '3');
  });
});
