import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { rejects } from '@micro/conformance';
import type { ChannelModel } from 'amqplib';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { amqpSettings } from '../src/index.ts';
import { linkTo } from './world.ts';

describe('the options of a link', () => {
  test('addresses are read as URLs or host:port, nodes of one cluster', () => {
    const [node] = amqpSettings({ address: 'amqps://ada:p%40ss@[::1]:99/shop%2F1' }).nodes;
    expect(node).toEqual({
      ...{ protocol: 'amqps', hostname: '::1', port: 99, username: 'ada', password: 'p@ss', vhost: 'shop/1' },
    });
    const usual = { hostname: '127.0.0.1', port: 5672, username: 'guest', vhost: '/' };
    expect(amqpSettings({}).nodes).toEqual([expect.objectContaining(usual)]);
    expect(amqpSettings({ address: ['a:1', 'b'] }).nodes.map(({ port }) => port)).toEqual([1, 5672]);
  });

  test('what makes no sense is refused, without a word of what may be a password', () => {
    for (const address of ['http://guest:secret@host', 'amqp://', 'amqp://guest:secret@']) {
      expect(() => linkTo({ address })).toThrow(/an address is not/);
      expect(() => linkTo({ address })).not.toThrow(/secret/);
    }
    expect(() => linkTo({ address: [] })).toThrow(/missing/);
    expect(() => linkTo({ heartbeatMs: 0 })).toThrow(/heartbeatMs/);
  });

  test('where no server is, connecting fails with unavailable, each time anew', async () => {
    const link = linkTo({ address: '127.0.0.1:1' });
    for (let round = 0; round < 2; round++) await rejects(link.connect(), 'unavailable');
  });

  test('a port that resets the first bytes is said to speak TLS perhaps, or perhaps none', async () => {
    const reset = createServer((socket) => socket.resetAndDestroy()).listen(0, '127.0.0.1');
    await once(reset, 'listening');
    try {
      const { port } = reset.address() as AddressInfo;
      const plain = await rejects(linkTo({ address: `amqp://127.0.0.1:${port}` }).connect(), 'unavailable');
      expect(plain.message).toContain('perhaps TLS is wanted there');
      const secure = await rejects(linkTo({ address: `amqps://127.0.0.1:${port}` }).connect(), 'unavailable');
      expect(secure.message).toContain('perhaps no TLS is spoken there');
    } finally {
      reset.close();
    }
  });
});

await describeBackend('rabbitmq', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  }, 60_000);

  test('uses at the same time share one connection, prepared once', async () => {
    const prepared: ChannelModel[] = [];
    const link = linkTo(
      { address: server.url },
      {
        async prepare(connection) {
          prepared.push(connection);
        },
      },
    );
    const [one, two] = await Promise.all([link.connect(), link.connect()]);
    expect(one).toBe(two);
    expect(prepared).toEqual([one]);
  });

  test('a lost connection is refused at once, comes back by itself, and is prepared before that is told', async () => {
    const told: string[] = [];
    let wake = (): void => {};
    const until = async (last: string): Promise<void> => {
      while (told.at(-1) !== last)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    };
    const tell = (what: string): void => {
      told.push(what);
      wake();
    };
    const link = linkTo(
      { address: server.url },
      {
        prepare: async () => tell('prepared'),
        lost: (error) => tell(error.code),
        back: () => tell('back'),
      },
    );
    await link.connect();
    await server.kill();
    await until('unavailable');
    expect(link.connection).toBeUndefined();
    await rejects(link.connect(), 'unavailable');
    await server.start();
    await until('back');
    expect(told).toEqual(['prepared', 'unavailable', 'prepared', 'back']);
    await expect(link.connect()).resolves.toBe(link.connection);
  }, 60_000);

  test('wrong credentials are unauthorized, and a virtual host that is not there says so', async () => {
    const wrong = await rejects(linkTo({ address: server.url, password: 'wrong' }).connect(), 'unauthorized');
    expect(wrong.message).toMatch(/ACCESS[_-]REFUSED/i);
    const nowhere = await rejects(linkTo({ address: server.url, vhost: 'nowhere' }).connect(), 'unavailable');
    expect(nowhere.message).toMatch(/nowhere/);
  });

  test('a preparation that fails is the error of the use, and nothing stays open', async () => {
    let connection: ChannelModel | undefined;
    const link = linkTo(
      { address: server.url },
      {
        async prepare(made) {
          connection = made;
          const channel = await made.createChannel();
          channel.on('error', () => undefined); // the rejection tells it
          await channel.checkExchange('not there');
        },
      },
    );
    const closed = new Promise<void>((resolve) => {
      const look = (): void => {
        if (connection === undefined) setImmediate(look);
        else connection.on('close', () => resolve());
      };
      look();
    });
    await rejects(link.connect(), 'not_found');
    await closed;
  });
});
