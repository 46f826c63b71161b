import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { type BackgroundMessage, type Listener, noMetadata, onBackground, type Transport } from '@micro/core';
import { type HttpTransportOptions, httpTransport } from '../src/index.ts';
import { hostile } from './hostile.ts';
import { limits, post, Raw } from './raw.ts';
import { dialable, failureOf, portOf, send, TestAcceptor, target } from './world.ts';

let transport: Transport;
let acceptor: TestAcceptor;
let listener: Listener;
beforeEach(() => start({}));
afterEach(() => transport.close());

async function start(options: HttpTransportOptions): Promise<void> {
  transport = httpTransport(options);
  acceptor = new TestAcceptor();
  listener = await transport.listen(acceptor, { address: '127.0.0.1:0' });
}
async function restart(options: HttpTransportOptions): Promise<void> {
  await transport.close();
  await start(options);
}
const peer = (): Promise<Raw> => Raw.to(portOf(listener));

describe('a server', () => {
  test('answers as go-micro does', async () => {
    const raw = await peer();
    raw.send(post('"x"\n'));
    await raw.answers(1);
    expect(raw.received).toBe(
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMicro-Id: 7\r\nContent-Length: 4\r\n\r\n"x"\n',
    );
  });

  test('answers an error with status 200, and both error headers', async () => {
    const raw = await peer();
    raw.send(post('{}', '', 'Test.fail'));
    await raw.answers(1);
    const text = '{"id":"greeter","code":404,"detail":"user <42> not found: \\u00f1","status":"Not Found"}';
    expect(raw.received).toBe(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMicro-Id: 7\r\nMicro-Error: ${text}\r\nX-Micro-Error: ${text}\r\nContent-Length: 0\r\n\r\n`,
    );
  });

  test('marks a refusal, so that the caller may go elsewhere', async () => {
    const raw = await peer();
    raw.send(post('{}', '', 'Test.refuse'));
    await raw.answers(1);
    expect(raw.received).toContain('\r\nMicro-Delivered: no\r\n');
  });

  test('takes any path and method, HTTP/1.0, chunks, and a request without headers', async () => {
    const requests = [
      'GET /any/path?x HTTP/1.1\r\nHost: a\r\n\r\n',
      'PUT / HTTP/1.0\r\nMicro-Method: Test.echo\r\nContent-Length: 1\r\n\r\n1',
      'POST / HTTP/1.1\r\nHost: a\r\nMicro-Endpoint: Test.echo\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n',
    ];
    for (const request of requests) {
      const raw = await peer();
      raw.send(request);
      await raw.answers(1);
      raw.socket.destroy();
    }
    expect(acceptor.taken.map(({ route }) => [route.endpoint, route.contentType])).toEqual([
      ['', 'application/protobuf'],
      ['Test.echo', 'application/protobuf'],
      ['Test.echo', 'application/protobuf'],
    ]);
  });

  test('sends the body on its way when the client waits to be told', async () => {
    const raw = await peer();
    raw.send(post('', 'Expect: 100-continue\r\n').replace('Content-Length: 0', 'Content-Length: 3'));
    await eventually(() => raw.received === 'HTTP/1.1 100 Continue\r\n\r\n');
    raw.send('"x"');
    expect(await raw.answers(2)).toEqual(['', '"x"\n']);
  });

  test('closes after HTTP/1.0 and after Connection: close, and says so', async () => {
    for (const request of [post('1', 'Connection: Close\r\n'), post('1').replace('HTTP/1.1', 'HTTP/1.0')]) {
      const raw = await peer();
      raw.send(request + post('2'));
      await raw.closed;
      expect(raw.received).toContain('Connection: close\r\n');
      expect(await raw.answers(1)).toEqual(['1\n']);
    }
  });

  test('answers pipelined requests in order', async () => {
    const raw = await peer();
    raw.send(post('1', '', 'Test.hold') + post('2') + post('3', '', 'Test.hold') + post('4'));
    await eventually(() => acceptor.taken.length === 1);
    acceptor.taken[0]?.call.reply('"first"');
    await eventually(() => acceptor.taken.length === 3);
    expect(await raw.answers(2)).toEqual(['"first"\n', '2\n']);
    acceptor.taken[2]?.call.reply('"third"');
    expect(await raw.answers(4)).toEqual(['"first"\n', '2\n', '"third"\n', '4\n']);
  });

  test('gives an answer to its own request only, also when it comes twice', async () => {
    const raw = await peer();
    raw.send(post('1', '', 'Test.hold') + post('2', '', 'Test.hold'));
    await eventually(() => acceptor.taken.length === 1);
    acceptor.taken[0]?.call.reply('"first"');
    await eventually(() => acceptor.taken.length === 2);
    acceptor.taken[0]?.call.reply('"again"');
    acceptor.taken[1]?.call.reply('"second"');
    expect(await raw.answers(2)).toEqual(['"first"\n', '"second"\n']);
  });

  test('bounds what a client may pipeline, and answers what it took', async () => {
    const raw = await peer();
    raw.send(
      post('0', '', 'Test.hold') + Array.from({ length: 40 }, (_, index) => post(String(index))).join(''),
    );
    await eventually(() => acceptor.taken.length === 1);
    acceptor.taken[0]?.call.reply('"first"');
    await raw.closed;
    const answers = await raw.answers(18);
    expect(answers).toHaveLength(18);
    expect(answers[16]).toBe('15\n');
    expect(answers[17]).toContain('more than 16 requests');
    expect(raw.received).toContain('HTTP/1.1 429 ');
  });

  test('bounds how much waits behind a call', async () => {
    await restart({ maxBodyBytes: 1000 });
    const raw = await peer();
    raw.send(post('0', '', 'Test.hold') + post('1'.repeat(600)) + post('2'.repeat(600)));
    await eventually(() => acceptor.taken.length === 1);
    acceptor.taken[0]?.call.reply('"first"');
    await raw.closed;
    expect((await raw.answers(3))[1]).toBe(`${'1'.repeat(600)}\n`);
    expect(raw.received).toContain('HTTP/1.1 429 ');
  });

  test.each(hostile.filter((_, index) => index % 5 === 0 || hostile[index]?.status !== undefined))(
    'says why it refuses, closes, and reports: $name',
    async ({ text, status = 400 }) => {
      await restart({ maxBodyBytes: limits.maxBodyBytes });
      const reports: BackgroundMessage[] = [];
      const off = onBackground((message) => reports.push(message));
      const raw = await peer();
      raw.send(text);
      await raw.closed;
      off();
      expect(raw.received).toMatch(
        new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*Connection: close\r\n[\\s\\S]*\r\n\r\n.+\n$`),
      );
      expect(acceptor.taken).toEqual([]);
      expect(reports).toContainEqual(expect.objectContaining({ event: 'transport.protocol_error' }));
    },
  );

  test('answers what was asked before it refuses what comes behind', async () => {
    const raw = await peer();
    raw.send(`${post('1')}nonsense\r\n\r\n`);
    await raw.closed;
    expect((await raw.answers(2))[0]).toBe('1\n');
    expect(raw.received).toContain('HTTP/1.1 400 ');
  });

  test('cancels the handler of a client that leaves', async () => {
    const raw = await peer();
    raw.send(post('1', '', 'Test.hold'));
    const taken = await eventually(() => acceptor.taken[0] ?? false);
    expect(taken.cancelled).toBe(false);
    raw.socket.destroy();
    await eventually(() => taken.cancelled);
    taken.call.reply('2'); // nothing happens
  });

  test('takes a stale stream id, as Go handlers forward it, for no stream', async () => {
    const raw = await peer();
    raw.send(post('1', 'Micro-Stream: 3\r\n'));
    expect(await raw.answers(1)).toEqual(['1\n']);
  });
});

describe('a server with time limits', () => {
  test('closes a connection without a first request', async () => {
    await restart({ headTimeoutMs: 40 });
    const silent = await peer();
    const dripping = await peer();
    const timer = setInterval(() => dripping.send('P'), 5);
    await Promise.all([silent.closed, dripping.closed]);
    clearInterval(timer);
  });

  test('closes a connection whose later head does not come to its end', async () => {
    await restart({ headTimeoutMs: 40 });
    const raw = await peer();
    raw.send(post('1'));
    await raw.answers(1);
    raw.send('POST / HTTP/1.1\r\nHost');
    await raw.closed;
  });

  test('closes a connection that is silent in the middle of a body', async () => {
    await restart({ progressTimeoutMs: 40 });
    const raw = await peer();
    raw.send(post('123').slice(0, -1));
    await raw.closed;
    expect(acceptor.taken).toEqual([]);
  });

  test('cuts off a peer that keeps its side of an ended connection open', async () => {
    await restart({ writeTimeoutMs: 40 });
    const raw = await Raw.to(portOf(listener), { allowHalfOpen: true });
    raw.send(post('1', 'Connection: close\r\n'));
    await once(raw.socket, 'end');
    expect(raw.socket.writable).toBe(true);
    const timer = setInterval(() => raw.send('x'), 20); // until a write is answered with a reset
    await raw.closed;
    clearInterval(timer);
  });

  test('closes idle connections, and none where a handler works', async () => {
    await restart({ idleTimeoutMs: 40 });
    const idle = await peer();
    const busy = await peer();
    busy.send(post('1', '', 'Test.hold'));
    const taken = await eventually(() => acceptor.taken[0] ?? false);
    idle.send(post('1'));
    await idle.closed;
    expect(taken.cancelled).toBe(false);
    taken.call.reply('2');
    expect(await busy.answers(1)).toEqual(['2\n']);
  });

  test('stops reading from a peer that does not read, and destroys it', async () => {
    await restart({ writeTimeoutMs: 60 });
    const raw = await peer();
    raw.socket.pause();
    const body = `"${'x'.repeat(1_000_000)}"`;
    let stopped = false;
    raw.socket.on('close', () => {
      stopped = true;
    });
    // as much as the server lets: its own buffers are bounded, so the kernel's fill up
    const more = (): void => {
      while (!stopped && raw.socket.write(post(body), 'latin1'));
    };
    raw.socket.on('drain', more);
    more();
    await eventually(() => {
      const { length } = acceptor.taken;
      return length > 1;
    });
    await raw.closed;
    expect(acceptor.taken.length).toBeLessThan(40);
  });
});

describe('a server that goes away', () => {
  test('answers to the end, tells clients to come no more, and lets new ones hear the same', async () => {
    const connection = transport.dial(dialable(listener), { metadata: noMetadata });
    const held = send(connection, target('Test.hold'), '1');
    const taken = await eventually(() => acceptor.taken[0] ?? false);
    const idle = await peer();
    idle.send(post('1'));
    await idle.answers(1);
    listener.drain();
    expect(connection.state).toBe('ready');
    taken.call.reply('2');
    expect(await held.result).toBe('2');
    expect(connection.state).toBe('leaving');
    // a straggler on a kept connection gets a clean answer, and so does a new one
    idle.send(post('1', '', 'Test.refuse'));
    await idle.closed;
    expect(idle.received).toContain('Micro-Delivered: no\r\nConnection: close\r\n');
    const { delivered } = await failureOf(send(connection, target('Test.refuse'), '1'));
    expect(delivered).toBe('no');
    expect(connection.state).toBe('leaving');
  });

  test('comes back: a client that gets an answer on a fresh connection takes it for ready', async () => {
    const connection = transport.dial(dialable(listener), { metadata: noMetadata });
    const port = portOf(listener);
    listener.drain();
    await send(connection, target('Test.echo'), '1').result;
    expect(connection.state).toBe('leaving');
    await listener.close();
    listener = await transport.listen(acceptor, { address: `127.0.0.1:${port}` });
    expect(await send(connection, target('Test.echo'), '2').result).toBe('2');
    expect(connection.state).toBe('ready');
  });

  test('writes what was answered before it closes', async () => {
    const raw = await peer();
    raw.socket.pause();
    raw.send(post('1', '', 'Test.hold'));
    const taken = await eventually(() => acceptor.taken[0] ?? false);
    const body = `"${'x'.repeat(8_000_000)}"`;
    taken.call.reply(body);
    const closed = listener.close();
    raw.socket.resume();
    await closed;
    await raw.closed;
    expect(raw.received.endsWith(`${body}\n`)).toBe(true);
  });

  test('cancels what is left, closes idle connections at once, and nobody waits for a peer that does not read', async () => {
    const idle = await peer();
    const busy = await peer();
    const deaf = await peer();
    deaf.socket.pause();
    idle.send(post('1'));
    await idle.answers(1);
    busy.send(post('1', '', 'Test.hold'));
    deaf.send(post('1', '', 'Test.hold'));
    await eventually(() => acceptor.taken.length === 3);
    acceptor.taken[2]?.call.reply(`"${'x'.repeat(15_000_000)}"`);
    const giveUp = new AbortController();
    const closed = listener.close({ signal: giveUp.signal });
    await Promise.all([idle.closed, busy.closed]);
    expect(acceptor.taken[1]?.cancelled).toBe(true);
    giveUp.abort();
    await closed;
    await expect(Raw.to(portOf(listener))).rejects.toThrow('ECONNREFUSED');
  });
});

describe('addresses', () => {
  test('are told as they are bound', async () => {
    for (const [asked, told] of [
      ['127.0.0.1:0', /^127\.0\.0\.1:\d+$/],
      ['localhost:0', /^(127\.0\.0\.1|\[::1\]):\d+$/],
      ['0.0.0.0:0', /^0\.0\.0\.0:\d+$/],
      [':0', /^(\[::\]|0\.0\.0\.0):\d+$/],
      [undefined, /^(\[::\]|0\.0\.0\.0):\d+$/],
    ] as const) {
      const one = await transport.listen(acceptor, { address: asked });
      expect(one.address).toMatch(told);
      const connection = transport.dial(dialable(one).replace('127.0.0.1', 'localhost'), {
        metadata: noMetadata,
      });
      expect(await send(connection, target('Test.echo'), '1').result).toBe('1');
    }
  });

  test('may be paths of Unix sockets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'micro-'));
    try {
      const address = `unix:${join(folder, 'socket')}`;
      const one = await transport.listen(acceptor, { address });
      expect(one.address).toBe(address);
      const connection = transport.dial(address, { metadata: noMetadata });
      expect(await send(connection, target('Test.echo'), '1').result).toBe('1');
      await expect(transport.listen(acceptor, { address })).rejects.toThrow('the path exists: remove it if');
      await one.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('that are taken are refused with their port, and what to do', async () => {
    const port = portOf(listener);
    await expect(transport.listen(acceptor, { address: `127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        new RegExp(`port ${port} is taken: stop who listens there, choose another`),
      ),
    });
  });

  test('that cannot be bound or read are refused', async () => {
    await expect(transport.listen(acceptor, { address: '192.0.2.1:0' })).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(transport.listen(acceptor, { address: 'nonsense' })).rejects.toMatchObject({
      code: 'bad_request',
    });
  });

  test('are not bound when the signal has aborted', async () => {
    const signal = AbortSignal.abort(new Error('no more'));
    await expect(transport.listen(acceptor, { address: '127.0.0.1:0', signal })).rejects.toMatchObject({
      code: 'canceled',
      cause: expect.objectContaining({ message: 'no more' }),
    });
  });
});
