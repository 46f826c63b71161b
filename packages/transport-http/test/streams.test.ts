import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  type Body,
  type Connection,
  type Listener,
  MicroError,
  noMetadata,
  type StreamSink,
  type Transport,
} from '@micro/core';
import { httpTransport } from '../src/index.ts';
import { ok, post, Raw, RawServer } from './raw.ts';
import { dialable, failureOf, portOf, type ServedStream, TestAcceptor, TestStream, target } from './world.ts';

let transport: Transport;
let acceptor: TestAcceptor;
let listener: Listener;
let connection: Connection;
beforeEach(async () => {
  transport = httpTransport();
  acceptor = new TestAcceptor();
  listener = await transport.listen(acceptor, { address: '127.0.0.1:0' });
  connection = transport.dial(dialable(listener), { metadata: noMetadata });
});
afterEach(() => transport.close());

const endpoints = {
  'client-stream': 'Test.client',
  'server-stream': 'Test.server',
  bidi: 'Test.bidi',
} as const;
async function open(
  kind: keyof typeof endpoints,
): Promise<{ stream: TestStream; sink: StreamSink; served: ServedStream }> {
  const stream = new TestStream(kind, target(endpoints[kind]));
  const before = acceptor.streams.length;
  const sink = connection.open(stream);
  const served = await eventually(() => acceptor.streams[before] ?? false);
  return { stream, sink, served };
}

/** Writes that many bodies as fast as the sink allows; resolves when all are written. */
function firehose(
  sink: StreamSink,
  bodies: Iterator<Body>,
  onRoom: (more: () => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const more = (): void => {
      for (let next = bodies.next(); !next.done; next = bodies.next()) if (!sink.write(next.value)) return;
      resolve();
    };
    onRoom(more);
    more();
  });
}
function* numbers(count: number): Generator<Body> {
  for (let i = 0; i < count; i++) yield String(i);
}
const expected = (count: number): string[] => [...numbers(count)].map(String);

describe('a stream', () => {
  test('from the server: one request, many replies, an end', async () => {
    const { stream, sink, served } = await open('server-stream');
    sink.write('{"to":3}');
    sink.end();
    await eventually(() => served.ended);
    expect(served.messages).toEqual(['{"to":3}']);
    for (const item of ['1', '2', '3']) served.stream.sink.write(item);
    served.stream.sink.end();
    expect(await stream.result).toEqual(['1', '2', '3']);
  });

  test('from the client: many requests, an end, one reply', async () => {
    const { stream, sink, served } = await open('client-stream');
    for (const item of ['1', '2', '3']) sink.write(item);
    sink.end();
    await eventually(() => served.ended);
    expect(served.messages).toEqual(['1', '2', '3']);
    served.stream.sink.write('6');
    served.stream.sink.end();
    expect(await stream.result).toEqual(['6']);
  });

  test('in both directions plays ping-pong, and each side ends on its own', async () => {
    const { stream, sink, served } = await open('bidi');
    served.onMessage = (body) => served.stream.sink.write(`-${body}`);
    let turns = 0;
    stream.onMessage = () => {
      turns++;
      if (turns < 500) sink.write(String(turns));
      else sink.end();
    };
    sink.write('0');
    await eventually(() => served.ended);
    served.stream.sink.write('"after the client has ended"');
    served.stream.sink.end();
    const messages = await stream.result;
    expect(messages).toHaveLength(501);
    expect(messages.at(-1)).toBe('"after the client has ended"');
  });

  test('in both directions runs as a firehose both ways at once, complete and in order', async () => {
    const { stream, sink, served } = await open('bidi');
    const count = 20_000;
    const up = firehose(sink, numbers(count), (more) => {
      stream.onDrained = more;
    });
    const down = firehose(served.stream.sink, numbers(count), (more) => {
      served.onDrained = more;
    });
    await Promise.all([up, down]);
    sink.end();
    await eventually(() => served.ended);
    served.stream.sink.end();
    expect(await stream.result).toEqual(expected(count));
    expect(served.messages).toEqual(expected(count));
  });

  test('carries bytes, and metadata and deadline of its opening', async () => {
    const stream = new TestStream(
      'bidi',
      target('Test.bidi', 'application/protobuf'),
      { tenant: 'é' },
      performance.now() + 900,
    );
    const sink = connection.open(stream);
    const served = await eventually(() => acceptor.streams[0] ?? false);
    expect(served.stream.metadata).toMatchObject({ tenant: 'é' });
    expect(served.stream.remainingMs).toBeGreaterThan(100);
    expect(served.stream.remainingMs).toBeLessThan(950);
    sink.write(new Uint8Array([1, 255]));
    sink.write(new Uint8Array(0));
    await eventually(() => served.messages.length === 2);
    expect(served.messages.map((body) => [...Buffer.from(body as Uint8Array)])).toEqual([[1, 255], []]);
    served.stream.sink.end();
    expect(await stream.result).toEqual([]);
  });

  test('ends early when the server has said enough', async () => {
    const { stream, sink, served } = await open('bidi');
    served.stream.sink.write('"enough"');
    served.stream.sink.end();
    expect(await stream.result).toEqual(['"enough"']);
    expect(sink.write('1')).toBe(true); // nothing happens
    sink.end();
    served.stream.sink.write('2');
    expect(served.failure).toBeUndefined();
  });

  test('that fails in the middle tells the error behind what was sent before', async () => {
    const { stream, served } = await open('bidi');
    served.stream.sink.write('1');
    served.stream.sink.abort(new MicroError('conflict', 'no more: ñ', { id: 'greeter' }));
    const { error, delivered } = await failureOf(stream);
    expect(stream.messages).toEqual(['1']);
    expect(error).toMatchObject({ code: 'conflict', message: 'no more: ñ', id: 'greeter' });
    expect(delivered).toBe('yes');
  });

  test('that is refused before the handler says so', async () => {
    const { stream, served } = await open('bidi');
    served.stream.sink.abort(new MicroError('unavailable', 'going away'), 'no');
    expect(await failureOf(stream)).toMatchObject({ delivered: 'no', error: { code: 'unavailable' } });
  });

  test('to an endpoint that is none is refused', async () => {
    const stream = new TestStream('bidi', target('Nope.nope'));
    connection.open(stream);
    expect(await failureOf(stream)).toMatchObject({ delivered: 'yes', error: { code: 'not_found' } });
  });

  test('whose client leaves aborts the handler', async () => {
    const { sink, served } = await open('bidi');
    sink.abort(new MicroError('canceled', 'enough'));
    await eventually(() => served.failure !== undefined);
    expect(served.failure?.code).toBe('canceled');
    served.stream.sink.write('1'); // nothing happens
  });

  test('whose server closes fails', async () => {
    const { stream, served } = await open('bidi');
    await listener.close();
    expect(await failureOf(stream)).toMatchObject({ delivered: 'maybe', error: { code: 'unavailable' } });
    expect(served.failure?.code).toBe('canceled');
  });

  test('whose pool is destroyed fails', async () => {
    const { stream, served } = await open('bidi');
    connection.destroy();
    expect(await failureOf(stream)).toMatchObject({ delivered: 'maybe', error: { code: 'unavailable' } });
    await eventually(() => served.failure !== undefined);
  });

  test('is waited for when its pool closes', async () => {
    const { stream, served } = await open('bidi');
    let closed = false;
    const closing = connection.close().then(() => {
      closed = true;
    });
    served.stream.sink.write('1');
    await eventually(() => stream.messages.length === 1);
    expect(closed).toBe(false);
    served.stream.sink.end();
    await closing;
    expect(await stream.result).toEqual(['1']);
  });

  test('with a message that is too large fails, whichever side sends it', async () => {
    const long = 'x'.repeat(17 * 1024 * 1024);
    const up = await open('bidi');
    up.sink.write(long);
    expect((await failureOf(up.stream)).error.code).toBe('too_large');
    const down = await open('bidi');
    down.served.stream.sink.write(long);
    expect((await failureOf(down.stream)).error.code).toBe('too_large');
    await eventually(() => down.served.failure !== undefined);
  });

  test('that cannot be opened fails in a moment, never at once', async () => {
    const refused = new TestStream('bidi', target('Test.bidi'), { 'a b': 'x' });
    const sink = connection.open(refused);
    sink.write('1');
    sink.end();
    expect(await failureOf(refused)).toMatchObject({ delivered: 'no', error: { code: 'bad_request' } });
    const nobody = await RawServer.listen();
    const address = `127.0.0.1:${nobody.port}`;
    await nobody.close();
    const lost = new TestStream('bidi', target('Test.bidi'));
    transport.dial(address, { metadata: noMetadata }).open(lost);
    expect(await failureOf(lost)).toMatchObject({ delivered: 'no', error: { code: 'unavailable' } });
  });

  test('is one of a bounded number', async () => {
    const narrow = httpTransport({ maxStreams: 2 }).dial(dialable(listener), { metadata: noMetadata });
    const streams = [1, 2, 3].map(() => new TestStream('bidi', target('Test.bidi')));
    for (const stream of streams) narrow.open(stream);
    expect(await failureOf(streams[2] ?? (streams[0] as TestStream))).toMatchObject({
      delivered: 'no',
      error: { code: 'overloaded' },
    });
    narrow.destroy();
  });
});

describe('a slow reader', () => {
  const big = `"${'x'.repeat(10_000)}"`;
  function* many(): Generator<Body> {
    for (;;) yield big;
  }
  /** Writes until there is no room, again and again, until that lasts. Returns how many were written. */
  async function fill(sink: StreamSink, drains: () => number): Promise<number> {
    let written = 0;
    const bodies = many();
    await eventually(async () => {
      const before = drains();
      while (sink.write(bodies.next().value as Body)) written++;
      written++;
      // the kernel may still make room: full is when nothing drains for a while
      for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
      return drains() === before;
    });
    return written;
  }

  test('slows the server down, and loses nothing', async () => {
    const { stream, sink, served } = await open('server-stream');
    sink.write('1');
    sink.pause();
    const written = await fill(served.stream.sink, () => served.drains);
    expect(written).toBeLessThan(2000); // 20 MB: the kernel's buffers, and one high-water mark of ours
    expect(stream.messages.length).toBeLessThan(written);
    const before = served.drains;
    sink.resume();
    await eventually(() => served.drains > before);
    served.stream.sink.end();
    expect((await stream.result).length).toBe(written);
  });

  test('slows the client down, and loses nothing', async () => {
    const { stream, sink, served } = await open('client-stream');
    served.stream.sink.pause();
    const written = await fill(sink, () => stream.drains);
    expect(written).toBeLessThan(2000);
    expect(served.messages.length).toBeLessThan(written);
    served.stream.sink.resume();
    sink.end();
    await eventually(() => served.ended);
    expect(served.messages).toHaveLength(written);
  });
});

describe('time limits', () => {
  test('do not count while the reader of a stream takes its time, on either side', async () => {
    await transport.close();
    transport = httpTransport({ progressTimeoutMs: 30, writeTimeoutMs: 30 });
    listener = await transport.listen(acceptor, { address: '127.0.0.1:0' });
    connection = transport.dial(dialable(listener), { metadata: noMetadata });
    acceptor.onStream = (served) => {
      served.onMessage = () => served.stream.sink.pause();
    };
    const { stream, sink, served } = await open('bidi');
    sink.pause();
    served.stream.sink.write(`"${'x'.repeat(12_000_000)}"`);
    // the server's reader stops in the middle of the second message
    const slow = await Raw.to(portOf(listener));
    const item = post('123', 'Micro-Stream: 7\r\n', 'Test.bidi');
    slow.send(item + item + item.slice(0, -1));
    const paused = await eventually(() => acceptor.streams[1] ?? false);
    await eventually(() => paused.messages.length === 1);
    slow.send('3');
    // other connections that are silent in the middle of a body are closed meanwhile
    for (let round = 0; round < 2; round++) {
      const raw = await Raw.to(portOf(listener));
      raw.send(post('123').slice(0, -1));
      await raw.closed;
    }
    sink.resume();
    paused.stream.sink.resume();
    await eventually(() => paused.messages.length === 2 && stream.messages.length === 1);
    served.stream.sink.end();
    await stream.result;
    slow.socket.destroy();
  });

  test('count in the middle of a message of a stream', async () => {
    await transport.close();
    transport = httpTransport({ progressTimeoutMs: 30 });
    listener = await transport.listen(acceptor, { address: '127.0.0.1:0' });
    const raw = await Raw.to(portOf(listener));
    raw.send(
      post('{}', 'Micro-Stream: 7\r\n', 'Test.bidi') +
        post('123', 'Micro-Stream: 7\r\n', 'Test.bidi').slice(0, -1),
    );
    await raw.closed;
    await eventually(() => acceptor.streams[0]?.failure?.code === 'canceled');
  });
});

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
