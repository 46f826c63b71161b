import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { type BackgroundMessage, onBackground } from '@micro/core';
import { hostile } from './hostile.ts';
import { acceptor, listenForEachTest, peer, restart } from './listening.ts';
import { limits, post } from './raw.ts';

listenForEachTest();

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
