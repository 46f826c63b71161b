import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { MicroError, noMetadata } from '@micro/core';
import { httpTransport } from '../src/index.ts';
import {
  acceptor,
  connection,
  expected,
  firehose,
  listener,
  numbers,
  open,
  openForEachTest,
  transport,
} from './opening.ts';
import { RawServer } from './raw.ts';
import { dialable, failureOf, TestStream, target } from './world.ts';

openForEachTest();

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
    const narrow = httpTransport({ frames: false, maxStreams: 2 }).dial(dialable(listener), {
      metadata: noMetadata,
    });
    const streams = [1, 2, 3].map(() => new TestStream('bidi', target('Test.bidi')));
    for (const stream of streams) narrow.open(stream);
    expect(await failureOf(streams[2] ?? (streams[0] as TestStream))).toMatchObject({
      delivered: 'no',
      error: { code: 'overloaded' },
    });
    narrow.destroy();
  });
});
