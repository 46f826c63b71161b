import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  type Acceptor,
  type BackgroundMessage,
  type Context,
  contract,
  createService,
  MicroError,
  onBackground,
  rpc,
  type Service,
  stream,
  type,
} from '@micro/core';
import { describePeer } from '../../../scripts/backends/jest.mjs';
import { GobReader } from '../src/gob-reader.ts';
import { GobWriter } from '../src/gob-writer.ts';
import { type TcpTransportOptions, tcpTransport } from '../src/index.ts';

const run = promisify(execFile);
const Test = contract('greeter', 'Test', {
  hello: rpc({ request: type<{ name: string }>(), response: type<{ msg: string }>() }),
  fail: rpc({ request: type<object>(), response: type<object>() }),
  wait: rpc({ request: type<object>(), response: type<object>() }),
  count: rpc({ request: type<{ to: number }>(), response: stream(type<{ n: number }>()) }),
  chat: rpc({ request: stream(type<{ word: string }>()), response: stream(type<{ echo: string }>()) }),
});

const services: Service[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});
interface Serving {
  readonly address: string;
  readonly service: Service;
  readonly contexts: Context[];
}
async function serve(options: TcpTransportOptions = {}): Promise<Serving> {
  const service = createService({
    ...{ name: 'greeter', transport: tcpTransport(options), address: '127.0.0.1:0' },
    ...{ broker: 'memory', registry: 'memory', argv: [], env: {}, drainMs: 100 },
  });
  const contexts: Context[] = [];
  service.handle(Test, {
    hello({ name }, ctx) {
      contexts.push(ctx);
      return { msg: `Hello ${name}` };
    },
    fail() {
      throw new MicroError('not_found', 'user <42> not found', { id: 'greeter' });
    },
    wait(_, ctx) {
      contexts.push(ctx);
      return new Promise((_, reject) =>
        ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)),
      );
    },
    async *count({ to }) {
      for (let n = 0; n < to; n++) yield { n };
    },
    async *chat(words) {
      for await (const { word } of words) yield { echo: word };
    },
  });
  await service.start();
  services.push(service);
  return { address: service.address ?? '', service, contexts };
}

/** A client of gob's bytes. */
class GobPeer {
  readonly socket: Socket;
  readonly replies: { readonly header: ReadonlyMap<string, string>; readonly body: string }[] = [];
  readonly closed: Promise<unknown>;
  private readonly writer = new GobWriter();

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    const reader = new GobReader(1 << 24, (header, body) =>
      this.replies.push({ header, body: body.toString() }),
    );
    socket.on('error', () => undefined); // 'close' follows
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
  }
  static async to(address: string): Promise<GobPeer> {
    const [host, port] = address.split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    return new GobPeer(socket);
  }
  send(id: string, endpoint: string, body: string, ...more: string[]): void {
    const header = ['Micro-ID', id, 'Micro-Service', 'greeter', 'Micro-Endpoint', endpoint];
    const all = [...header, 'Content-Type', 'application/json', ...more];
    this.socket.write(Buffer.concat(this.writer.message(all, Buffer.from(body))));
  }
  reply(index: number): Promise<{ readonly header: ReadonlyMap<string, string>; readonly body: string }> {
    return eventually(() => this.replies[index] ?? false);
  }
}

await describePeer('go', ({ clients }) => {
  test("Go's encoding/gob with go-micro's message calls and streams", async () => {
    const { address, contexts } = await serve();
    const { stdout } = await run(clients, ['gob', address], { maxBuffer: 1 << 26 });
    const said = JSON.parse(stdout);
    expect(said['hello Ada']).toEqual({
      header: { 'Content-Type': 'application/json', 'Micro-ID': 'Ada', 'Micro-Id': 'Ada' },
      body: '{"msg":"Hello Ada"}\n',
    });
    expect(said['hello Grace'].body).toBe('{"msg":"Hello Grace"}\n');
    expect(contexts[0]?.metadata['trace-parent']).toBe('00-ü');
    expect(contexts[0]?.deadline).toBeGreaterThan(0);
    const error = JSON.parse(said.fail.header['Micro-Error']);
    expect(error).toEqual({ id: 'greeter', code: 404, detail: 'user <42> not found', status: 'Not Found' });
    expect(JSON.parse(said.none.header['Micro-Error']).code).toBe(404);
    expect(said.big).toBe(3_000_000 + '{"msg":"Hello "}\n'.length);
    expect(said['at once']).toEqual(
      Object.fromEntries(['0', '1', '2', '3'].map((id) => [id, `{"msg":"Hello ${id}"}\n`])),
    );
    expect(said.count).toEqual(Array.from({ length: 300 }, (_, n) => `{"n":${n}}\n`));
    expect(said['count end']).toMatchObject({ header: { 'Micro-Error': 'EOS', 'Micro-ID': '7' }, body: '' });
    expect(said.chat).toEqual(['one', 'two', 'three'].map((word) => `{"echo":"${word}"}\n`));
    expect(said['chat end'].header['Micro-Error']).toBe('EOS');
    expect(said.beside).toEqual(Array.from({ length: 16 }, () => true));
    // the one that left: its handler was told, if it had begun
    await eventually(() =>
      contexts.every(({ signal, metadata }) => metadata.gone === undefined || signal.aborted),
    );
  });
});

describe("go-micro's tcp transport on our port", () => {
  test('beside frames: both are answered', async () => {
    const { address, service } = await serve();
    const peer = await GobPeer.to(address);
    peer.send('1', 'Test.Hello', '{"name":"gob"}\n');
    expect(await service.client.of(Test).hello({ name: 'frames' })).toEqual({ msg: 'Hello frames' });
    expect((await peer.reply(0)).body).toBe('{"msg":"Hello gob"}\n');
    peer.socket.destroy();
  });

  test('a client that leaves aborts its handler', async () => {
    const { address, contexts } = await serve();
    const peer = await GobPeer.to(address);
    peer.send('1', 'Test.Wait', '{}\n');
    await eventually(() => contexts.length === 1);
    peer.socket.destroy();
    await eventually(() => contexts[0]?.signal.aborted);
  });

  test('what is no gob behind a beginning that was is reported, its work cancelled, and its connection closed, and no other', async () => {
    const { address, contexts } = await serve();
    const neighbour = await GobPeer.to(address);
    const peer = await GobPeer.to(address);
    peer.send('1', 'Test.Wait', '{}\n');
    await eventually(() => contexts.length === 1);
    const reports: BackgroundMessage[] = [];
    const off = onBackground((message) => reports.push(message));
    peer.socket.write(Buffer.of(5, 1, 2, 3, 4, 5));
    await peer.closed;
    await eventually(() => contexts[0]?.signal.aborted);
    off();
    expect(reports.map(({ event }) => event)).toContain('transport.protocol_error');
    expect(peer.replies).toEqual([]);
    neighbour.send('1', 'Test.Hello', '{"name":"x"}\n');
    expect((await neighbour.reply(0)).body).toBe('{"msg":"Hello x"}\n');
    neighbour.socket.destroy();
  });

  test('a peer that stops in the middle of a message is cut off', async () => {
    const { address } = await serve({ writeTimeoutMs: 50 });
    const [host, port] = address.split(':');
    const socket = connect(Number(port), host).on('error', () => undefined);
    socket.write(Buffer.of(41, 1));
    await once(socket, 'close');
  });

  test('a peer that does not read its answers is read no more, and cut off', async () => {
    const { address, contexts } = await serve({ writeTimeoutMs: 100, maxUnreadBytes: 100_000 });
    const peer = await GobPeer.to(address);
    peer.socket.pause();
    const name = 'x'.repeat(1_000_000);
    for (let id = 0; id < 100; id++) peer.send(String(id), 'Test.Hello', `{"name":"${name}"}\n`);
    await eventually(() => contexts.length > 0);
    peer.socket.resume().pause();
    await peer.closed;
    expect(contexts.length).toBeLessThan(100);
  });

  test('an answer over the limit is an error', async () => {
    const { address } = await serve({ maxBodyBytes: 1000 });
    const peer = await GobPeer.to(address);
    peer.send('1', 'Test.Hello', `{"name":"${'x'.repeat(986)}"}\n`);
    expect((await peer.reply(0)).header.get('Micro-Error')).toContain('maxBodyBytes');
    peer.socket.destroy();
  });

  test('a server that closes refuses what crosses its end, and says that it was not delivered', async () => {
    const transport = tcpTransport();
    const echo: Acceptor = {
      endpoints: [],
      route: () => ({ found: true, kind: 'unary', text: true }),
      call(_, call) {
        queueMicrotask(() => call.reply(call.body));
        return { cancel() {} };
      },
      stream: () => ({ message() {}, end() {}, fail() {}, drained() {} }),
    };
    const listener = await transport.listen(echo, { address: '127.0.0.1:0' });
    const idle = await GobPeer.to(listener.address);
    idle.send('1', 'Test.Hello', '1\n');
    expect((await idle.reply(0)).body).toBe('1\n');
    const closed = listener.close();
    idle.send('2', 'Test.Hello', '2\n');
    expect((await idle.reply(1)).header.get('Micro-Delivered')).toBe('no');
    await Promise.all([closed, idle.closed]);
    await transport.close();
  });
});
