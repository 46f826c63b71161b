import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { type BackgroundMessage, onBackground } from '@micro/core';
import { answerAll, call, pool, poolForEachTest, requests, server, start, transport } from './pooling.ts';
import { ok, type Raw } from './raw.ts';
import { failureOf, type TestCall } from './world.ts';

poolForEachTest();

describe('connections of a pool', () => {
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

  test('takes a 408 for a goodbye: a call that crosses it was not delivered, and to nothing it is no offence', async () => {
    const goodbye =
      'HTTP/1.1 408 Request Timeout\r\nMicro-Delivered: no\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
    const reports: BackgroundMessage[] = [];
    const off = onBackground((message) => reports.push(message));
    const crossing = call();
    (await requests(0, 1)).send(goodbye);
    expect(await failureOf(crossing)).toMatchObject({ error: { code: 'unavailable' }, delivered: 'no' });
    const together = call();
    (await requests(1, 1)).send(ok('"answer"') + goodbye);
    expect(await together.result).toBe('"answer"');
    answerAll();
    expect(await call().result).toBe('1');
    expect(server.peers).toHaveLength(3);
    const idle = server.peers[2] as Raw;
    idle.send(goodbye);
    await idle.closed;
    expect(pool.state).toBe('leaving');
    off();
    expect(reports.map(({ event }) => event)).not.toContain('transport.protocol_error');
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
