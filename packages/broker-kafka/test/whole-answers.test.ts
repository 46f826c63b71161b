import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { wholeAnswers } from '../src/whole-answers.ts';

const undo: (() => unknown)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

async function listening(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  undo.push(() => server.close());
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** A connection as the library gets it, and what it is given and told there. */
function connecting(port: number): { near: Socket; given: string[]; told: string[] } {
  const near = connect(port, '127.0.0.1');
  wholeAnswers(near);
  undo.push(() => near.destroy().removeAllListeners());
  const [given, told]: [string[], string[]] = [[], []];
  near.on('data', (bytes) => given.push(bytes.toString('latin1')));
  near.on('end', () => told.push('end'));
  near.on('error', ({ message }) => told.push(message));
  return { near, given, told };
}

/** The same, and its far end. */
async function pair(): Promise<ReturnType<typeof connecting> & { readonly far: Socket }> {
  const { server, port } = await listening();
  const ends = connecting(port);
  const connected = once(ends.near, 'connect');
  const [far]: Socket[] = await once(server, 'connection');
  await connected;
  if (far === undefined) throw new Error('nobody has connected');
  undo.push(() => far.destroy());
  return { ...ends, far };
}

/** As Kafka sends it: its length, then the correlation id and the rest. */
function answer(body: string): Buffer {
  const bytes = Buffer.alloc(4 + body.length);
  bytes.writeInt32BE(body.length);
  bytes.write(body, 4, 'latin1');
  return bytes;
}

describe("what the library gets of Kafka's answers", () => {
  test('is whole, however the bytes come', async () => {
    const { far, given } = await pair();
    const texts = ['0001one', '0002', `0003${'x'.repeat(70_000)}`, '0004last'];
    const all = Buffer.concat(texts.map(answer));
    const whole = texts.map((text) => answer(text).toString('latin1'));
    far.setNoDelay();
    for (let at = 0; at < 30; at++) {
      far.write(all.subarray(at, at + 1));
      await new Promise(setImmediate); // each byte for itself
    }
    far.write(all.subarray(30));
    await eventually(() => expect(given.join('')).toBe(whole.join('')));
    for (const part of given.map((text) => Buffer.from(text, 'latin1'))) {
      let end = 0;
      while (end < part.length) end += 4 + part.readInt32BE(end);
      expect(end).toBe(part.length);
    }
  });

  test('is nothing of an answer that has no end', async () => {
    const { far, given, told } = await pair();
    const half = answer('0002 and the rest of it').subarray(0, 12);
    far.end(Buffer.concat([answer('0001one'), half]));
    await eventually(() => expect(told).toEqual(['end']));
    expect(given.join('')).toBe(answer('0001one').toString('latin1'));
  });

  test.each([-1, 3, 0x7fffffff, 0x48545450])(
    'a length of %d is no answer, and the connection fails',
    async (size) => {
      const { far, given, told } = await pair();
      const lie = Buffer.alloc(8);
      lie.writeInt32BE(size);
      far.write(lie);
      await eventually(() =>
        expect(told).toEqual([expect.stringContaining(`no Kafka speaks there: a message of ${size} bytes`)]),
      );
      expect(given).toEqual([]);
    },
  );

  test('is told of the end of a connection that was only being made', async () => {
    const { near, told } = connecting((await listening()).port);
    near.end();
    await eventually(() => expect(told).toEqual(['closed']));
    expect(near.destroyed).toBe(true);
  });

  test('is nothing more when the library has ended the connection, not even the end', async () => {
    const { near, far, given, told } = await pair();
    const gone = once(near, 'close');
    near.write('goodbye');
    near.end();
    far.write(answer('0001late'));
    const [goodbye] = await once(far, 'data');
    expect(String(goodbye)).toBe('goodbye');
    await gone;
    near.destroy(new Error('once more'));
    expect([given, told]).toEqual([[], []]);
  });
});
