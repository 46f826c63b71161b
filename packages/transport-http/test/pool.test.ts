import { describe, expect, test } from '@jest/globals';
import {
  answerAll,
  call,
  pool,
  poolForEachTest,
  received,
  requests,
  serveAnew,
  server,
  start,
  transport,
} from './pooling.ts';
import { ok, type Raw } from './raw.ts';
import { failureOf, type TestCall, TestStream, target } from './world.ts';

poolForEachTest();

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
    await serveAnew();
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
});
