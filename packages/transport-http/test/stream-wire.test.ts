import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { noMetadata } from '@micro/core';
import { acceptor, listener, openForEachTest, transport } from './opening.ts';
import { ok, post, Raw, RawServer } from './raw.ts';
import { failureOf, portOf, TestStream, target } from './world.ts';

openForEachTest();

describe('on the wire, a stream', () => {
  test('is what a Go client writes and reads', async () => {
    const raw = await Raw.to(portOf(listener));
    const stream = 'Micro-Stream: 7\r\n';
    // three messages without waiting: the body of the first means nothing
    raw.send(
      post('{}\n', stream, 'Test.bidi') + post('1\n', stream, 'Test.bidi') + post('2\n', stream, 'Test.bidi'),
    );
    const served = await eventually(() => acceptor.streams[0] ?? false);
    await eventually(() => served.messages.length === 2);
    expect(served.messages).toEqual(['1', '2']);
    served.stream.sink.write('{"n":0}');
    await raw.answers(1);
    expect(raw.received).toBe(
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMicro-Id: 7\r\nMicro-Stream: 7\r\nContent-Length: 8\r\n\r\n{"n":0}\n',
    );
    // the end of the client's side, as Go writes an empty message
    raw.send(
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nMicro-Endpoint: Test.bidi\r\nMicro-Error: EOS\r\n${stream}\r\n0\r\n\r\n`,
    );
    await eventually(() => served.ended);
    raw.received = '';
    served.stream.sink.end();
    await raw.closed;
    expect(raw.received).toBe(
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMicro-Id: 7\r\nMicro-Stream: 7\r\nMicro-Error: EOS\r\nX-Micro-Error: EOS\r\nContent-Length: 0\r\n\r\n',
    );
  });

  test('fails with the error that a client sends, and with a message that is none', async () => {
    for (const last of [
      post('', 'Micro-Stream: 7\r\nMicro-Error: boom\r\n', 'Test.bidi'),
      'nonsense\r\n\r\n',
    ]) {
      const raw = await Raw.to(portOf(listener));
      raw.send(post('{}\n', 'Micro-Stream: 7\r\n', 'Test.bidi'));
      const served = await eventually(() => acceptor.streams.pop() ?? false);
      raw.send(last);
      await eventually(() => served.failure !== undefined);
      await raw.closed;
    }
  });

  test('cannot be opened behind a request that has no answer yet', async () => {
    const raw = await Raw.to(portOf(listener));
    raw.send(post('1', '', 'Test.hold') + post('{}', 'Micro-Stream: 7\r\n', 'Test.bidi'));
    const taken = await eventually(() => acceptor.taken[0] ?? false);
    taken.call.reply('2');
    await raw.closed;
    expect(raw.received).toContain('HTTP/1.1 400 ');
    expect(acceptor.streams).toEqual([]);
  });

  test('ends for a client stream with its one reply: a Go server that was told of an end does not tell its own', async () => {
    const server = await RawServer.listen();
    server.onPeer = (peer) => peer.send(ok('10\n', 'Accept: application/json\r\n'));
    const stream = new TestStream('client-stream', target('Test.client'));
    transport.dial(`127.0.0.1:${server.port}`, { metadata: noMetadata }).open(stream);
    expect(await stream.result).toEqual(['10']);
    await server.close();
  });

  test('in both directions, whose side we have ended, ends when a Go server closes the connection', async () => {
    const server = await RawServer.listen();
    server.onPeer = (peer) => peer.send(ok('1\n', 'Accept: application/json\r\n'));
    const stream = new TestStream('bidi', target('Test.bidi'));
    const sink = transport.dial(`127.0.0.1:${server.port}`, { metadata: noMetadata }).open(stream);
    await eventually(() => stream.messages.length === 1);
    sink.end();
    const [peer] = server.peers;
    await eventually(() => peer?.received.includes('Micro-Error: EOS\r\nConnection: close\r\n') === true);
    peer?.socket.end(ok('2\n', 'Accept: application/json\r\n'), 'latin1');
    expect(await stream.result).toEqual(['1', '2']);
    await server.close();
  });

  test.each([
    ['has not been told of an end', false, ''],
    ['breaks off in the middle of a message', true, 'HTTP/1.1 200'],
  ])('in both directions fails when a Go server that %s closes the connection', async (_name, told, text) => {
    const server = await RawServer.listen();
    server.onPeer = (peer) => peer.send(ok('1\n', 'Accept: application/json\r\n'));
    const stream = new TestStream('bidi', target('Test.bidi'));
    const sink = transport.dial(`127.0.0.1:${server.port}`, { metadata: noMetadata }).open(stream);
    await eventually(() => stream.messages.length === 1);
    if (told) sink.end();
    server.peers[0]?.socket.end(text, 'latin1');
    expect(await failureOf(stream)).toMatchObject({ error: { code: 'unavailable' } });
    await server.close();
  });

  test.each([
    ['breaks off', '', 'maybe'],
    ['answers with another status', 'HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy', 'maybe'],
    ['answers with nonsense', 'SSH-2.0-OpenSSH_9.9\r\n\r\n', 'maybe'],
  ])('fails when the server %s', async (_name, text, delivered) => {
    const server = await RawServer.listen();
    server.onPeer = (peer) => {
      peer.socket.once('data', () => peer.socket.end(text));
    };
    const stream = new TestStream('bidi', target('Test.bidi'));
    transport.dial(`127.0.0.1:${server.port}`, { metadata: noMetadata }).open(stream);
    const failure = await failureOf(stream);
    expect(failure).toMatchObject({ delivered, error: { code: 'unavailable' } });
    await server.close();
  });
});
