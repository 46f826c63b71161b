import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { noMetadata } from '@micro/core';
import { acceptor, listener, listenForEachTest, peer, restart, transport } from './listening.ts';
import { post, Raw } from './raw.ts';
import { dialable, failureOf, portOf, send, target } from './world.ts';

listenForEachTest();

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
    await transport.listen(acceptor, { address: `127.0.0.1:${port}` });
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
    expect(raw.received.includes(`${body}\n`)).toBe(true);
  });

  test('answers a request that was on its way when it closed', async () => {
    const raw = await peer();
    const fresh = await peer();
    raw.send(post('1'));
    await raw.answers(1);
    const closed = listener.close();
    raw.send(post('2'));
    fresh.send(post('3'));
    await Promise.all([closed, raw.closed, fresh.closed]);
    expect(await raw.answers(2)).toEqual(['1\n', '2\n']);
    expect(await fresh.answers(1)).toEqual(['3\n']);
    expect(raw.received).toContain('Connection: close');
  });

  test('says so when it ends an idle connection, and that what crosses is not delivered', async () => {
    const raw = await Raw.to(portOf(listener), { allowHalfOpen: true });
    raw.send(post('1'));
    await raw.answers(1);
    const closed = listener.close();
    await once(raw.socket, 'end');
    expect(raw.received).toMatch(
      /HTTP\/1.1 408 Request Timeout\r\nConnection: close\r\nMicro-Delivered: no\r\n/,
    );
    raw.send(post('2'.repeat(100_000)));
    raw.socket.end();
    await Promise.all([closed, raw.closed]);
    expect(raw.socket.errored).toBeNull();
    expect(acceptor.taken).toHaveLength(1);
  });

  test('waits no longer than a second for a peer that keeps its side open', async () => {
    const raw = await Raw.to(portOf(listener), { allowHalfOpen: true });
    raw.send(post('1'));
    await raw.answers(1);
    await listener.close();
    raw.socket.destroy();
  });

  test('says so too when a connection was idle for too long', async () => {
    await restart({ idleTimeoutMs: 40 });
    const raw = await peer();
    raw.send(post('1'));
    await raw.closed;
    expect(raw.received).toContain('HTTP/1.1 408 ');
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
