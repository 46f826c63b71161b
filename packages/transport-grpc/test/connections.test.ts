import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { cutProxy, eventually } from '@micro/conformance';
import { type Client, onBackground } from '@micro/core';
import { type GrpcTransportOptions, grpcTransport } from '../src/index.ts';
import { callEcho, Echo, serveEcho } from './interop/echo.ts';

type Api = Client<(typeof Echo)['endpoints']>;
const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function served(options: GrpcTransportOptions = {}): Promise<Awaited<ReturnType<typeof serveEcho>>> {
  const service = await serveEcho(options);
  ending.push(service.close);
  return service;
}
async function calling(address: string, options: GrpcTransportOptions = {}): Promise<Api> {
  const { client, close } = await callEcho(address, options);
  ending.push(close);
  return client.of(Echo);
}
/** Something that listens and speaks as it is told. */
async function listener(accept: (socket: net.Socket) => void): Promise<{ readonly address: string }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined); // a reset is what some tests are about
    accept(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ending.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no port');
  return { address: `127.0.0.1:${at.port}` };
}

test('many calls and streams share one connection', async () => {
  const { port } = await served();
  const proxy = await cutProxy(port);
  ending.push(() => proxy.close());
  const api = await calling(proxy.address);
  await api.say({ text: 'first' });
  const numbers = async function* (): AsyncGenerator<{ n: number }> {
    yield { n: 1 };
  };
  await Promise.all([
    ...Array.from({ length: 200 }, (_, index) => api.say({ text: String(index) })),
    ...Array.from({ length: 20 }, () => api.sum(numbers())),
  ]);
  expect(proxy.connections).toBe(1);
});

test('tells when a connection stands and when it is lost', async () => {
  const { port } = await served();
  const proxy = await cutProxy(port);
  ending.push(() => proxy.close());
  const events: string[] = [];
  const stop = onBackground(({ event, subject }) => {
    if (subject === proxy.address) events.push(event);
  });
  ending.push(stop);
  const api = await calling(proxy.address);
  await api.say({ text: 'x' });
  expect(events).toEqual(['transport.connected']);
  proxy.cut();
  await eventually(() => events.length === 2);
  expect(events).toEqual(['transport.connected', 'transport.disconnected']);
});

test('a peer that takes the connection and says nothing: unavailable, not delivered, in time', async () => {
  const { address } = await listener(() => undefined);
  const api = await calling(address, { connectTimeoutMs: 50 });
  const message = `no connection to ${address} after 50 ms`;
  const wanted = { code: 'unavailable', delivered: 'no', message };
  await Promise.all(
    Array.from({ length: 3 }, () =>
      expect(api.say({ text: 'x' }, { timeoutMs: 20_000 })).rejects.toMatchObject(wanted),
    ),
  );
  await expect(api.say({ text: 'again' }, { timeoutMs: 20_000 })).rejects.toMatchObject(wanted);
});

test('calls that wait for a connection are bounded: more are overloaded, not delivered', async () => {
  const { address } = await listener(() => undefined);
  const api = await calling(address, { connectTimeoutMs: 200, maxQueued: 2 });
  const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => api.say({ text: 'x' })));
  const codes = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code);
  expect(codes.sort()).toEqual(['overloaded', 'overloaded', 'unavailable', 'unavailable']);
});

test('a peer that falls silent is found by a ping: its calls are lost, as maybe delivered', async () => {
  // the preface of a server, an empty SETTINGS frame (RFC 9113 §6.5), and then nothing
  const { address } = await listener((socket) => void socket.write(Buffer.from('000000040000000000', 'hex')));
  const api = await calling(address, { keepaliveMs: 50, keepaliveTimeoutMs: 50 });
  const silent = api.say({ text: 'x' }, { timeoutMs: 20_000 });
  await expect(silent).rejects.toMatchObject({ code: 'unavailable', delivered: 'maybe' });
});

test('a listener closes a connection whose client does not answer its ping', async () => {
  const { port } = await served({ incomingKeepaliveMs: 50, keepaliveTimeoutMs: 50 });
  const socket = net.connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined); // a reset is an end, too
  // a client's preface and an empty SETTINGS frame (RFC 9113 §3.4)
  socket.write(
    Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      Buffer.from('000000040000000000', 'hex'),
    ]),
  );
  socket.resume();
  await once(socket, 'close');
});

test('a listener sends away a connection without calls, with GOAWAY, and the next call comes on another', async () => {
  const { address } = await served({ idleTimeoutMs: 100 });
  const session = connectHttp2(`http://${address}`);
  const [code] = await once(session, 'goaway');
  expect(code).toBe(0);
  await once(session, 'close');
  const api = await calling(address);
  expect(await api.say({ text: 'x' })).toEqual({ text: 'x' });
});

test('more connections than maxIncoming are dropped, and those that are there go on', async () => {
  const { port, address } = await served({ maxIncoming: 1 });
  const api = await calling(address);
  await api.say({ text: 'x' });
  const socket = net.connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined); // a reset is a drop, too
  socket.resume();
  await once(socket, 'close');
  expect(await api.say({ text: 'y' })).toEqual({ text: 'y' });
});

test('more calls than maxConcurrentStreams wait for their turn', async () => {
  const { address } = await served({ maxConcurrentStreams: 2 });
  const api = await calling(address);
  const texts = Array.from({ length: 50 }, (_, index) => String(index));
  const replies = await Promise.all(texts.map((text) => api.say({ text })));
  expect(replies.map(({ text }) => text)).toEqual(texts);
});

test('a service that stops tells who is connected by GOAWAY, and who watches its health that it serves no more', async () => {
  const service = await served();
  const session = connectHttp2(`http://${service.address}`);
  const watch = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Watch',
    'content-type': 'application/grpc',
  });
  const seen: Buffer[] = [];
  watch.on('data', (chunk: Buffer) => seen.push(chunk));
  watch.on('error', () => undefined); // its end is not what this is about
  watch.end(Buffer.from('0000000000', 'hex'));
  await eventually(() => seen.length > 0);
  const goaway = once(session, 'goaway');
  const stopping = service.close();
  await goaway;
  await stopping;
  const statuses = Buffer.concat(seen).toString('hex');
  expect(statuses).toBe('00000000020801' + '00000000020802');
});

test('over a Unix socket', async () => {
  const path = `unix:${join(tmpdir(), `micro-grpc-${process.pid}.sock`)}`;
  const service = await serveEcho({}, path);
  ending.push(service.close);
  expect(service.address).toBe(path);
  const api = await calling(path);
  expect(await api.say({ text: 'x' })).toEqual({ text: 'x' });
});

test('options that make no sense are refused', () => {
  for (const options of [
    { maxMessageBytes: 0 },
    { keepaliveMs: -1 },
    { maxQueued: 1.5 },
    { idleTimeoutMs: 2 ** 31 },
  ])
    expect(() => grpcTransport(options)).toThrow(/must be a positive whole number/);
});
