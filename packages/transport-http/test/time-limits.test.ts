import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { acceptor, listener, listenForEachTest, peer, restart } from './listening.ts';
import { post, Raw } from './raw.ts';
import { portOf } from './world.ts';

listenForEachTest();

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
