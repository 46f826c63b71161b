import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { type Connection, noMetadata, type Transport } from '@micro/core';
import { type HttpTransportOptions, httpTransport } from '../src/index.ts';
import { bytes, ok, type Raw, RawServer, read } from './raw.ts';
import { failureOf, send, type TestCall, TestStream, target } from './world.ts';

let server: RawServer;
let transport: Transport;
let pool: Connection;
beforeEach(async () => {
  server = await RawServer.listen();
  start({});
});
afterEach(async () => {
  await transport.close();
  await server.close();
});
function start(options: HttpTransportOptions): void {
  transport = httpTransport(options);
  pool = transport.dial(`127.0.0.1:${server.port}`, { metadata: noMetadata });
}
const echo = target('Test.echo');
const call = (body = '1'): TestCall => send(pool, echo, body);
/** Waits until that peer has received so many requests. */
async function requests(peer: number, count: number): Promise<Raw> {
  return eventually(() => {
    const raw = server.peers[peer];
    return raw !== undefined && received(raw).length >= count ? raw : false;
  });
}
function received(raw: Raw): ReturnType<typeof read>['messages'] {
  return read('request', [bytes(raw.received)]).messages;
}
/** Every request on every connection is answered with its own body, and that header. */
function answerAll(extra = ''): void {
  server.onPeer = (peer) => {
    let answered = 0;
    peer.socket.on('data', () => {
      for (const { body } of received(peer).slice(answered)) {
        answered++;
        peer.send(ok(body, extra));
      }
    });
  };
}

describe('a pool', () => {
  test('connects with the first call, keeps the connection, and writes what go-micro reads', async () => {
    expect(pool.state).toBe('idle');
    expect(server.peers).toHaveLength(0);
    answerAll();
    expect(await call('"x"').result).toBe('"x"');
    expect(pool.state).toBe('ready');
    expect(await call('"y"').result).toBe('"y"');
    expect(server.peers).toHaveLength(1);
    expect(server.peers[0]?.received).toContain(
      `POST / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAccept: application/json\r\nContent-Type: application/json\r\n` +
        'Micro-Endpoint: Test.echo\r\nMicro-Method: Test.echo\r\nMicro-Service: greeter\r\nMicro-Id: 0\r\nContent-Length: 4\r\n\r\n"x"\n',
    );
  });

  test('never pipelines: one call at a time on a connection, and the next at once', async () => {
    start({ maxConnections: 2 });
    const calls = ['1', '2', '3', '4'].map(call);
    const [first, second] = [await requests(0, 1), await requests(1, 1)];
    expect([received(first).length, received(second).length]).toEqual([1, 1]);
    second.send(ok('"b"'));
    await requests(1, 2);
    expect(received(first)).toHaveLength(1);
    first.send(ok('"a"'));
    await requests(0, 2);
    first.send(ok('"d"'));
    second.send(ok('"c"'));
    expect(await Promise.all(calls.map(({ result }) => result))).toEqual(['"a"', '"b"', '"c"', '"d"']);
  });

  test('uses the connection that has rested longest', async () => {
    start({ maxConnections: 3 });
    const first = ['1', '2', '3'].map(call);
    for (const peer of [2, 0, 1]) {
      (await requests(peer, 1)).send(ok('1'));
      await first[peer]?.result;
    }
    for (const peer of [2, 0, 1]) {
      const next = call();
      (await requests(peer, 2)).send(ok('1'));
      await next.result;
    }
  });

  test('lets connections to a Go server rest, which loses requests right behind an answer', async () => {
    answerAll('Accept: application/json\r\n'); // Go echoes the headers of the first request
    for (let i = 0; i < 20; i++) await call().result;
    expect(server.peers).toHaveLength(8);
  });

  test('bounds its queue: more calls are refused in a moment, never at once', async () => {
    start({ maxConnections: 1, maxQueued: 2 });
    const calls = Array.from({ length: 4 }, () => call());
    expect(await failureOf(calls[2] as TestCall)).toMatchObject({
      delivered: 'no',
      error: { code: 'overloaded' },
    });
    expect(await failureOf(calls[3] as TestCall)).toMatchObject({
      delivered: 'no',
      error: { code: 'overloaded' },
    });
  });

  test('forgets a call that is cancelled in the queue, on its way, or refused', async () => {
    start({ maxConnections: 1, maxQueued: 1 });
    const under = call('1');
    const raw = await requests(0, 1);
    const queued = call('2');
    const refused = call('3');
    pool.cancel(refused);
    pool.cancel(queued);
    pool.cancel(under);
    await raw.closed;
    const next = call('4');
    (await requests(1, 1)).send(ok('"yes"'));
    expect(await next.result).toBe('"yes"');
    expect([under.outcomes, queued.outcomes, refused.outcomes]).toEqual([0, 0, 0]);
    expect(received(server.peers[1] as Raw).map(({ body }) => body)).toEqual(['4\n']);
  });

  test('fails all that wait when nobody can be reached, as not delivered, and connects anew with the next', async () => {
    const { port } = server;
    await server.close();
    const calls = ['1', '2', '3'].map(call);
    for (const one of calls) {
      const { error, delivered } = await failureOf(one);
      expect(delivered).toBe('no');
      expect(error).toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining(`127.0.0.1:${port}: connect ECONNREFUSED`),
      });
    }
    expect(pool.state).toBe('idle');
    server = await RawServer.listen();
    pool = transport.dial(`127.0.0.1:${server.port}`, { metadata: noMetadata });
    answerAll();
    expect(await call().result).toBe('1');
  });

  test('does not connect for ever', async () => {
    await transport.close();
    start({ connectTimeoutMs: 30, tls: { rejectUnauthorized: false } }); // the server never shakes hands
    const { error, delivered } = await failureOf(call());
    expect(delivered).toBe('no');
    expect(error.message).toContain('not connected within 30 ms');
    const stream = new TestStream('bidi', target('Test.bidi'));
    pool.open(stream);
    expect(await failureOf(stream)).toMatchObject({ delivered: 'no', error: { code: 'unavailable' } });
  });

  test.each([
    ['closes without an answer', '', /no answer from 127\.0\.0\.1:\d+: the connection was closed/],
    ['breaks off in the middle of a head', 'HTTP/1.1 200 OK\r\nContent', /the connection was closed/],
    ['breaks off in the middle of a body', ok('12345').slice(0, -1), /the connection was closed/],
    ['answers with nonsense', 'SSH-2.0-OpenSSH_9.9\r\n\r\n', /can be trusted: start line/],
    ['answers without a length', 'HTTP/1.1 200 OK\r\n\r\n{}', /response without a length/],
    ['answers twice', ok('1') + ok('2'), /bytes behind the answer/],
    ['switches protocols', 'HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n', /HTTP status 101/],
  ])('fails a call whose server %s: it may have been delivered', async (_name, text, message) => {
    const one = call();
    (await requests(0, 1)).socket.end(text, 'latin1');
    const { error, delivered } = await failureOf(one);
    expect(error.code).toBe('unavailable');
    expect(error.message).toMatch(message);
    expect(delivered).toBe('maybe');
  });

  test.each([
    [
      'a proxy that has lost its server',
      'HTTP/1.1 502 Bad\r\nContent-Length: 3\r\n\r\nbad',
      'unavailable',
      'maybe',
    ],
    [
      'a refusal with our mark',
      'HTTP/1.1 503 No\r\nMicro-Delivered: no\r\nContent-Length: 0\r\n\r\n',
      'unavailable',
      'no',
    ],
    ['too much', 'HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n', 'too_large', 'maybe'],
    ['too many headers', 'HTTP/1.1 431 No\r\nContent-Length: 0\r\n\r\n', 'too_large', 'maybe'],
    ['overload', 'HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n', 'overloaded', 'maybe'],
    [
      'a redirection',
      'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n',
      'unavailable',
      'maybe',
    ],
  ])('takes another status than 200 for no answer of a handler: %s', async (_name, text, code, delivered) => {
    const one = call();
    (await requests(0, 1)).send(text);
    const failure = await failureOf(one);
    expect(failure).toMatchObject({ delivered, error: { code } });
    expect(failure.error.message).toMatch(/HTTP status \d{3}/);
  });

  test('reads what Go servers answer: interim responses, chunks, plain texts of errors', async () => {
    answerAll();
    const first = call();
    const raw = await requests(0, 1);
    raw.received = '';
    server.onPeer = undefined;
    await first.result;
    raw.socket.removeAllListeners('data');
    const interim = call();
    raw.send(
      'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n"x"\r\n0\r\n\r\n',
    );
    expect(await interim.result).toBe('"x"');
    const plain = call();
    raw.send(ok('', "Micro-Error: rpc: can't find service Nope\r\n"));
    expect(await failureOf(plain)).toMatchObject({
      delivered: 'yes',
      error: { message: "rpc: can't find service Nope" },
    });
    const utf8 = call();
    raw.send(ok('', 'Micro-Error: {"code":404,"detail":"\xc3\xa9"}\r\n'));
    expect(await failureOf(utf8)).toMatchObject({
      delivered: 'yes',
      error: { code: 'not_found', message: 'é' },
    });
    const unsupported = call();
    raw.send('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nno!');
    expect(await failureOf(unsupported)).toMatchObject({
      delivered: 'yes',
      error: { code: 'bad_request', message: 'no!' },
    });
    expect(server.peers).toHaveLength(1);
  });

  test('trusts no connection on which bytes come without a request', async () => {
    answerAll();
    await call().result;
    const raw = server.peers[0] as Raw;
    raw.send(ok('"poison"'));
    await raw.closed;
    expect(await call('"clean"').result).toBe('"clean"');
    expect(server.peers).toHaveLength(2);
  });

  test('notices that a kept connection was closed, and makes a new one', async () => {
    answerAll();
    await call().result;
    server.peers[0]?.socket.end();
    await server.peers[0]?.closed;
    await eventually(() => pool.state === 'idle');
    expect(await call().result).toBe('1');
    expect(server.peers).toHaveLength(2);
  });

  test('repeats a call by itself only when the kernel refused to take it', async () => {
    answerAll();
    await call().result;
    // the reset is there before the pool can have read it: the next write fails, whole
    server.peers[0]?.socket.resetAndDestroy();
    expect(await call('"again"').result).toBe('"again"');
    expect(server.peers).toHaveLength(2);
  });

  test('closes connections that are idle for long, and its process may end before that', async () => {
    await transport.close();
    start({ poolIdleTimeoutMs: 60 });
    answerAll();
    await call().result;
    await server.peers[0]?.closed;
    await eventually(() => pool.state === 'idle');
    await transport.close();
    start({ connectTimeoutMs: 40 });
    await call().result;
    const before = process.getActiveResourcesInfo().filter((type) => type === 'TCPSocketWrap').length;
    await eventually(
      () => process.getActiveResourcesInfo().filter((type) => type === 'TCPSocketWrap').length < before,
    );
    expect(await call('2').result).toBe('2');
  });

  test('closes when what is under way has ended', async () => {
    const under = call();
    const raw = await requests(0, 1);
    const closing = pool.close();
    expect((await failureOf(call())).delivered).toBe('no');
    raw.send(ok('1'));
    expect(await under.result).toBe('1');
    await closing;
    expect(pool.state).toBe('closed');
    await raw.closed;
  });

  test('destroyed: what waits was not delivered, what is under way may have been', async () => {
    start({ maxConnections: 1 });
    const [under, queued] = ['1', '2'].map(call) as [TestCall, TestCall];
    const raw = await requests(0, 1);
    pool.destroy();
    expect((await failureOf(under)).delivered).toBe('maybe');
    expect((await failureOf(queued)).delivered).toBe('no');
    await raw.closed;
    expect([under.outcomes, queued.outcomes]).toEqual([1, 1]);
  });

  test('loses what a killed server had, and no more', async () => {
    const calls = Array.from({ length: 20 }, (_, index) => call(String(index)));
    for (let peer = 0; peer < 20; peer++) await requests(peer, 1);
    for (const { socket } of server.peers) socket.resetAndDestroy();
    const failures = await Promise.all(calls.map(failureOf));
    expect(failures.every(({ delivered }) => delivered === 'maybe')).toBe(true);
    server.peers.length = 0;
    answerAll();
    expect(await call().result).toBe('1');
  });
});
