import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { noMetadata } from '@micro/core';
import { acceptor, listener, listenForEachTest, peer, transport } from './listening.ts';
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
    expect(raw.received.endsWith(`${body}\n`)).toBe(true);
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
