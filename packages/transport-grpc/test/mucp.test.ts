import { Client, type ClientDuplexStream, credentials, type StatusObject, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { type Acceptor, type BackgroundMessage, type IncomingCall, onBackground } from '@micro/core';
import { type GrpcTransportOptions, grpcTransport } from '../src/index.ts';
import { mucpPath, readMucp, writeHeaders, writeMucp } from '../src/mucp-message.ts';
import { callEcho, Echo, serveEcho } from './interop/echo.ts';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function served(options: GrpcTransportOptions = {}): Promise<string> {
  const { port, close } = await serveEcho(options);
  ending.push(close);
  return `127.0.0.1:${port}`;
}

/** A client of the stream's bytes. */
class Peer {
  readonly replies: { readonly header: ReadonlyMap<string, string>; readonly body: string }[] = [];
  readonly ended: Promise<StatusObject>;
  readonly stream: ClientDuplexStream<Buffer, Buffer>;
  private readonly client: Client;

  constructor(address: string) {
    this.client = new Client(address, credentials.createInsecure());
    ending.push(() => this.client.close());
    const same = (message: Buffer): Buffer => message;
    this.stream = this.client.makeBidiStreamRequest(mucpPath, same, same);
    this.stream.on('error', () => undefined); // the status says the same
    this.stream.on('data', (message: Buffer) => {
      const { header, body } = readMucp(message);
      this.replies.push({ header, body: Buffer.from(body).toString() });
    });
    this.ended = new Promise((resolve) => this.stream.on('status', resolve));
  }
  send(id: string, endpoint: string, body: string, ...more: string[]): boolean {
    const header = ['Micro-ID', id, 'Micro-Service', 'python', 'Micro-Endpoint', endpoint];
    const all = [...header, 'Content-Type', 'application/json', ...more];
    return this.stream.write(writeMucp([writeHeaders(all)], body, 1 << 23));
  }
  reply(index: number): Promise<{ readonly header: ReadonlyMap<string, string>; readonly body: string }> {
    return eventually(() => this.replies[index] ?? false);
  }
  leave(): void {
    this.stream.cancel();
  }
}

describe("go-micro's gRPC transport on our port", () => {
  test('calls on one stream are answered, beside plain gRPC', async () => {
    const address = await served();
    const { client, close } = await callEcho(address);
    ending.push(close);
    const peer = new Peer(address);
    peer.send('1', 'Echo.Say', '{"text":"größe"}\n');
    expect(await client.of(Echo).say({ text: 'plain' })).toEqual({ text: 'plain' });
    expect(await peer.reply(0)).toEqual({
      header: new Map([
        ['Content-Type', 'application/json'],
        ['Micro-Id', '1'],
        ['Micro-ID', '1'],
      ]),
      body: '{"text":"größe"}\n',
    });
    peer.send('2', 'Echo.Fail', '{"text":"nobody"}\n');
    const error = JSON.parse((await peer.reply(1)).header.get('Micro-Error') ?? '');
    expect(error).toEqual({ id: 'echo', code: 404, detail: 'nobody', status: 'Not Found' });
    peer.leave();
  });

  test('a stream of go-micro is answered message by message, and ends with its mark', async () => {
    const peer = new Peer(await served());
    peer.send('1', 'Echo.Count', '{}\n', 'Micro-Stream', '1');
    peer.send('1', 'Echo.Count', '{"to":3}\n', 'Micro-Stream', '1');
    expect((await peer.reply(3)).header.get('Micro-Error')).toBe('EOS');
    expect(peer.replies.slice(0, 3).map(({ body }) => body)).toEqual(['{"n":0}\n', '{"n":1}\n', '{"n":2}\n']);
    peer.leave();
  });

  test('a client that leaves, or ends its side, aborts its handlers', async () => {
    const { listener, calls, cancelled } = await hanging();
    const leaving = new Peer(listener.address);
    leaving.send('1', 'Echo.Hang', '{}\n');
    await eventually(() => calls.length === 1);
    leaving.leave();
    await eventually(() => cancelled() === 1);
    const done = new Peer(listener.address);
    done.send('1', 'Echo.Hang', '{}\n');
    await eventually(() => calls.length === 2);
    done.stream.end();
    expect((await done.ended).code).toBe(status.OK);
    await eventually(() => cancelled() === 2);
  });

  test('what is no message is reported, its work cancelled, and its stream ended, and no other', async () => {
    const { listener, calls, cancelled } = await hanging();
    const neighbour = new Peer(listener.address);
    neighbour.send('1', 'Echo.Hang', '{}\n');
    const peer = new Peer(listener.address);
    peer.send('1', 'Echo.Hang', '{}\n');
    await eventually(() => calls.length === 2);
    const reports: BackgroundMessage[] = [];
    const off = onBackground((message) => reports.push(message));
    peer.stream.write(Buffer.from('no message'));
    const { code } = await peer.ended;
    off();
    expect(code).toBe(status.INVALID_ARGUMENT);
    expect(reports.map(({ event }) => event)).toContain('transport.protocol_error');
    expect(peer.replies).toEqual([]);
    expect(cancelled()).toBe(1);
    neighbour.send('2', 'Echo.Hang', '{}\n');
    await eventually(() => calls.length === 3);
    neighbour.leave();
  });

  test('calls of one stream beyond 128 are refused, as not delivered', async () => {
    const { listener, calls } = await hanging();
    const peer = new Peer(listener.address);
    for (let id = 0; id < 130; id++) peer.send(String(id), 'Echo.Hang', '{}\n');
    const { header } = await peer.reply(1);
    expect(calls).toHaveLength(128);
    expect(JSON.parse(header.get('Micro-Error') ?? '').code).toBe(429);
    expect(header.get('Micro-Delivered')).toBe('no');
    peer.leave();
  });

  test('a peer that does not read its answers is read no more', async () => {
    const body = `"${'x'.repeat(1_000_000)}"\n`;
    let calls = 0;
    const listener = await listening((call) => {
      calls++;
      call.reply(body);
    });
    const peer = new Peer(listener.address);
    peer.stream.pause();
    for (let id = 0; id < 100; id++) peer.send(String(id), 'Echo.Say', '1\n');
    await eventually(() => calls > 0);
    const neighbour = new Peer(listener.address);
    neighbour.send('1', 'Echo.Say', '1\n');
    await neighbour.reply(0);
    expect(calls).toBeLessThan(10);
    peer.stream.resume();
    await peer.reply(99);
    peer.leave();
    neighbour.leave();
  });

  test('answers that nobody reads end their stream before they fill the memory', async () => {
    const waiting: IncomingCall[] = [];
    const listener = await listening((call) => waiting.push(call), { maxMessageBytes: 100_000 });
    const peer = new Peer(listener.address);
    peer.stream.pause();
    for (let id = 0; id < 100; id++) peer.send(String(id), 'Echo.Say', '1\n');
    await eventually(() => waiting.length === 100);
    for (const call of waiting) call.reply('x'.repeat(90_000));
    peer.stream.resume();
    expect((await peer.ended).code).toBe(status.RESOURCE_EXHAUSTED);
  });

  test('an answer over the limit is an error', async () => {
    const listener = await listening((call) => call.reply('x'.repeat(1000)), { maxMessageBytes: 1000 });
    const peer = new Peer(listener.address);
    peer.send('1', 'Echo.Say', '1\n');
    expect((await peer.reply(0)).header.get('Micro-Error')).toContain('maxMessageBytes');
    peer.leave();
  });

  test('a listener that closes tells its callers, and refuses what crosses its end as not delivered', async () => {
    const { listener, calls, cancelled } = await hanging();
    const peer = new Peer(listener.address);
    peer.send('1', 'Echo.Hang', '{}\n');
    await eventually(() => calls.length === 1);
    const closed = listener.close();
    peer.send('2', 'Echo.Hang', '{}\n');
    const marks = [await peer.reply(0), await peer.reply(1)].map(({ header }) =>
      header.get('Micro-Delivered'),
    );
    expect(marks).toEqual(['maybe', 'no']);
    expect(cancelled()).toBe(1);
    expect((await peer.ended).code).toBe(status.UNAVAILABLE);
    await closed;
  });
});

interface Listening {
  readonly address: string;
  close(): Promise<void>;
}

async function listening(
  take: (call: IncomingCall) => void,
  options: GrpcTransportOptions = {},
  cancel: () => void = () => undefined,
): Promise<Listening> {
  const transport = grpcTransport(options);
  const acceptor: Acceptor = {
    endpoints: [],
    route: () => ({ found: true, kind: 'unary', text: true }),
    call(_, call) {
      queueMicrotask(() => take(call));
      return { cancel };
    },
    stream: () => ({ message() {}, end() {}, fail() {}, drained() {} }),
  };
  const listener = await transport.listen(acceptor, { address: '127.0.0.1:0' });
  ending.push(() => transport.close());
  return listener;
}

/** Answers nothing by itself. */
async function hanging(
  options: GrpcTransportOptions = {},
): Promise<{ readonly listener: Listening; readonly calls: IncomingCall[]; cancelled(): number }> {
  const calls: IncomingCall[] = [];
  let cancelled = 0;
  const listener = await listening(
    (call) => calls.push(call),
    options,
    () => cancelled++,
  );
  return { listener, calls, cancelled: () => cancelled };
}
