import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { noMetadata } from '@micro/core';
import { acceptor, listener, listenForEachTest, transport } from './listening.ts';
import { dialable, portOf, send, target } from './world.ts';

listenForEachTest();

describe('addresses', () => {
  test('are told as they are bound', async () => {
    for (const [asked, told] of [
      ['127.0.0.1:0', /^127\.0\.0\.1:\d+$/],
      ['localhost:0', /^(127\.0\.0\.1|\[::1\]):\d+$/],
      ['0.0.0.0:0', /^0\.0\.0\.0:\d+$/],
      [':0', /^(\[::\]|0\.0\.0\.0):\d+$/],
      [undefined, /^(\[::\]|0\.0\.0\.0):\d+$/],
    ] as const) {
      const one = await transport.listen(acceptor, { address: asked });
      expect(one.address).toMatch(told);
      const connection = transport.dial(dialable(one).replace('127.0.0.1', 'localhost'), {
        metadata: noMetadata,
      });
      expect(await send(connection, target('Test.echo'), '1').result).toBe('1');
    }
  });

  test('may be paths of Unix sockets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'micro-'));
    try {
      const address = `unix:${join(folder, 'socket')}`;
      const one = await transport.listen(acceptor, { address });
      expect(one.address).toBe(address);
      const connection = transport.dial(address, { metadata: noMetadata });
      expect(await send(connection, target('Test.echo'), '1').result).toBe('1');
      await expect(transport.listen(acceptor, { address })).rejects.toThrow('the path exists: remove it if');
      await one.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('that are taken are refused with their port, and what to do', async () => {
    const port = portOf(listener);
    await expect(transport.listen(acceptor, { address: `127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        new RegExp(`port ${port} is taken: stop who listens there, choose another`),
      ),
    });
  });

  test('that cannot be bound or read are refused', async () => {
    await expect(transport.listen(acceptor, { address: '192.0.2.1:0' })).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(transport.listen(acceptor, { address: 'nonsense' })).rejects.toMatchObject({
      code: 'bad_request',
    });
  });

  test('are not bound when the signal has aborted', async () => {
    const signal = AbortSignal.abort(new Error('no more'));
    await expect(transport.listen(acceptor, { address: '127.0.0.1:0', signal })).rejects.toMatchObject({
      code: 'canceled',
      cause: expect.objectContaining({ message: 'no more' }),
    });
  });
});
