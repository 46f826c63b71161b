import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { isMicroError, type MicroError } from '@micro/core';
import type { ChannelModel } from 'amqplib';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { AmqpLink, type AmqpOptions, type LinkUser } from '../src/index.ts';

const links: AmqpLink[] = [];
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
});
const idle: LinkUser = { prepare: async () => undefined, lost() {}, back() {} };
function linkTo(options: AmqpOptions, user: Partial<LinkUser> = {}): AmqpLink {
  const link = new AmqpLink(options, 'test', { ...idle, ...user });
  links.push(link);
  return link;
}

async function refused(promise: Promise<unknown>): Promise<MicroError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (isMicroError(error)) return error;
  throw new Error(`no MicroError: ${String(error)}`);
}

describe('the options of a link', () => {
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
    for (let round = 0; round < 2; round++)
      expect(await refused(link.connect())).toMatchObject({ code: 'unavailable' });
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
    expect(await refused(link.connect())).toMatchObject({ code: 'unavailable' });
    await server.start();
    await until('back');
    expect(told).toEqual(['prepared', 'unavailable', 'prepared', 'back']);
    await expect(link.connect()).resolves.toBe(link.connection);
  }, 60_000);

  test('wrong credentials are unauthorized, and a virtual host that is not there says so', async () => {
    const wrong = await refused(linkTo({ address: server.url, password: 'wrong' }).connect());
    expect(wrong).toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/ACCESS[_-]REFUSED/i),
    });
    const nowhere = await refused(linkTo({ address: server.url, vhost: 'nowhere' }).connect());
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
    expect(await refused(link.connect())).toMatchObject({ code: 'not_found' });
    await closed;
  });
});
