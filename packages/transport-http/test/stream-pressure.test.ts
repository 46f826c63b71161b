import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import type { Body, StreamSink } from '@micro/core';
import { acceptor, listener, open, openForEachTest, reopen } from './opening.ts';
import { post, Raw } from './raw.ts';
import { portOf } from './world.ts';

openForEachTest();

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
    await reopen({ progressTimeoutMs: 30, writeTimeoutMs: 30 });
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
    await reopen({ progressTimeoutMs: 30 });
    const raw = await Raw.to(portOf(listener));
    raw.send(
      post('{}', 'Micro-Stream: 7\r\n', 'Test.bidi') +
        post('123', 'Micro-Stream: 7\r\n', 'Test.bidi').slice(0, -1),
    );
    await raw.closed;
    await eventually(() => acceptor.streams[0]?.failure?.code === 'canceled');
  });
});
