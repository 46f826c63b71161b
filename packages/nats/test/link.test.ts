import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, rejects } from '@micro/conformance';
import type { MicroError } from '@micro/core';
import { connect } from '@nats-io/transport-node';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { NatsLink } from '../src/index.ts';
import { linkTo } from './world.ts';

describe('the options of a link', () => {
  test('what makes no sense is refused, without a word of what may be a password', () => {
    for (const address of ['', 'http://127.0.0.1:4222', 'nats://', 'a:b:secret@c:d@e']) {
      const make = (): NatsLink => new NatsLink({ address }, 'test');
      expect(make).toThrow(/an address is not/);
      expect(make).not.toThrow(/secret/);
    }
    expect(() => new NatsLink({ address: [] }, 'test')).toThrow(/no address/);
    expect(() => new NatsLink({ user: 'u', token: 't' }, 'test')).toThrow(/not several/);
    expect(() => new NatsLink({ connectTimeoutMs: 0 }, 'test')).toThrow(/connectTimeoutMs/);
  });

  test('where no server is, connecting fails with unavailable, each time anew', async () => {
    const link = linkTo({ address: '127.0.0.1:1' });
    for (let round = 0; round < 2; round++) {
      await rejects(link.connect(), 'unavailable');
    }
  });

  test('where somebody else listens, an attempt that took too long leaves no connection', async () => {
    const open = new Set<Socket>();
    let visits = 0;
    const server = createServer((socket) => {
      visits++;
      open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const link = linkTo({
        address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
        connectTimeoutMs: 50,
      });
      for (let round = 0; round < 2; round++) await rejects(link.connect(), 'unavailable');
      expect(visits).toBe(2);
      await eventually(() => open.size === 0);
    } finally {
      for (const socket of open) socket.destroy();
      server.close();
    }
  });
});

await describeBackend('nats', ({ start }) => {
  let server: BackendServer;
  let locked: BackendServer;
  beforeAll(async () => {
    server = await start();
    locked = await start({ config: 'authorization { user: ada, password: "p@ss" }' });
  });

  test('uses at the same time share one connection', async () => {
    const link = linkTo({ address: server.url });
    const [one, two] = await Promise.all([link.connect(), link.connect()]);
    expect(one).toBe(two);
    expect(link.connection).toBe(one);
  });

  test('a lost connection is refused at once, and comes back by itself', async () => {
    const link = linkTo({ address: server.url });
    const told: (MicroError | undefined)[] = [];
    const changed = (): Promise<void> =>
      new Promise((resolve) => {
        const off = link.onChange((lost) => {
          told.push(lost);
          off();
          resolve();
        });
      });
    await link.connect();
    const losing = changed();
    await server.kill();
    await losing;
    expect(link.connection).toBeUndefined();
    await rejects(link.connect(), 'unavailable');
    const returning = changed();
    await server.start();
    await returning;
    expect(told).toEqual([expect.objectContaining({ code: 'unavailable' }), undefined]);
    await expect(link.connect()).resolves.toBe(link.connection);
  });

  test('credentials are taken from the address or the options, and wrong ones are unauthorized', async () => {
    const address = locked.url.replace('nats://', '');
    await linkTo({ address: `nats://ada:p%40ss@${address}` }).connect();
    await linkTo({ address, user: 'ada', password: 'p@ss' }).connect();
    for (const options of [{}, { token: 'ada' }, { user: 'ada', password: 'wrong' }]) {
      await rejects(linkTo({ address, ...options }).connect(), 'unauthorized');
    }
  });

  test('what was sent before the close still leaves', async () => {
    const other = await connect({ servers: server.url.replace('nats://', '') });
    const received = other.subscribe('last', { max: 1 });
    await other.flush();
    const link = linkTo({ address: server.url });
    (await link.connect()).publish('last', 'word');
    await link.close();
    for await (const message of received) expect(message.string()).toBe('word');
    await other.close();
    await rejects(link.connect(), 'unavailable');
  });

  test("the application's own connection is used, and left open", async () => {
    const own = await connect({ servers: server.url.replace('nats://', '') });
    const link = linkTo({ connection: own });
    await expect(link.connect()).resolves.toBe(own);
    await link.close();
    expect(own.isClosed()).toBe(false);
    await own.close();
  });

  test('a wait for the connection ends with its signal', async () => {
    const link = linkTo({ address: server.url });
    await rejects(link.connect(AbortSignal.abort()), 'canceled');
  });
});
