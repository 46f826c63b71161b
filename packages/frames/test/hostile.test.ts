import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { isMicroError } from '@micro/core';
import type { FrameClient } from '../src/index.ts';
import { codes, hostile, many, open, start, stream, tight } from './hostile.ts';
import { call, flag, frame, greeting, hello, Raw, rawServer, type, u32 } from './raw.ts';
import { type Failure, send, target as targetOf, type World, world } from './world.ts';

describe('a client that does not keep to the protocol', () => {
  let it: World;
  beforeEach(async () => {
    it = await world(tight);
    it.acceptor.echoes = false;
    it.acceptor.onStream = ({ sink }) => {
      sink.pause();
      return {};
    };
  });
  afterEach(() => it.close());

  for (const { name, bytes, reason, text } of hostile) {
    test(`${name}: is told why, and its connection ends, and no other`, async () => {
      const neighbour = it.client();
      const before = send(neighbour, targetOf('Test.echo'), '"a"');
      await eventually(() => it.acceptor.calls.length === 1);
      const raw = await Raw.to(it.port);
      raw.send(...start, ...bytes);
      await raw.closed;
      expect(raw.goodbye).toMatchObject({ reason: codes[reason], text: expect.stringMatching(text) });
      it.acceptor.calls[0]?.call.reply('"a"');
      expect(await before.outcome).toBe('"a"');
      // what it had begun is cancelled
      await eventually(() => it.acceptor.calls.slice(1).every(({ cancelled }) => cancelled));
    });
  }

  test('another version is answered with ours', async () => {
    const raw = await Raw.to(it.port);
    raw.send(Buffer.from('\0micro/\x02', 'latin1'), hello());
    await raw.closed;
    expect(raw.received.subarray(0, 8)).toEqual(greeting);
    expect(raw.goodbye).toMatchObject({ reason: codes.version, text: expect.stringContaining('version 2') });
  });

  test.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['TLS', Buffer.of(0x16, 3, 1, 2, 0)],
    ['zeros', Buffer.alloc(64)],
    ['a greeting that goes wrong', Buffer.from('\0micrO/\x01', 'latin1')],
  ])('a peer that begins with %s is refused without a word', async (_, bytes) => {
    const raw = await Raw.to(it.port);
    raw.send(bytes);
    await raw.closed;
    expect(raw.received).toHaveLength(0);
  });

  test.each([
    ['nothing', []],
    ['half of a greeting', [greeting.subarray(0, 3)]],
    ['a greeting and half a frame', [greeting, hello().subarray(0, 9)]],
  ])('half a handshake (%s) is cut off in time', async (_, bytes) => {
    const raw = await Raw.to(it.port);
    if (bytes.length > 0) raw.send(...bytes);
    await raw.closed;
  });

  test('a call is no greeting', async () => {
    const raw = await Raw.to(it.port);
    raw.send(greeting, call(0, 'x'));
    await raw.closed;
    expect(it.acceptor.calls).toHaveLength(0);
  });

  test('what comes late for a stream that has ended here is passed over', async () => {
    it.acceptor.onStream = ({ sink }) => {
      setImmediate(() => sink.end());
      return {};
    };
    const raw = await Raw.to(it.port);
    raw.send(...start, open(0));
    await eventually(() => raw.frames.some((one) => one.type === type.end));
    raw.send(
      frame(type.message, stream, 'late'),
      frame(type.part, stream, 'late'),
      frame(type.credit, stream, u32(5)),
      frame(type.end, stream),
      frame(type.reset, stream),
      frame(type.cancel, 7),
      frame(type.ping, 77),
    );
    const pong = await eventually(() => raw.frames.find((one) => one.type === type.pong) ?? false);
    expect(pong.id).toBe(77);
    expect(it.acceptor.streams[0]?.told).toEqual([]);
    raw.socket.destroy();
  });

  test('metadata keys are keys, whatever they are called', async () => {
    const text = '__proto__\0evil\0constructor\0too\0';
    const raw = await Raw.to(it.port);
    raw.send(
      ...start,
      call(0, Buffer.concat([Buffer.of(0, text.length), Buffer.from(text)]), 1, flag.metadata),
    );
    const served = await eventually(() => it.acceptor.calls[0] ?? false);
    expect(Object.entries(served.call.metadata)).toEqual([
      ['__proto__', 'evil'],
      ['constructor', 'too'],
    ]);
    expect(Object.getPrototypeOf(served.call.metadata)).toBeNull();
    expect(Reflect.has({}, 'evil')).toBe(false);
    raw.socket.destroy();
  });
});

describe('a server that does not keep to the protocol', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  async function against(onPeer: (peer: Raw) => void): Promise<FrameClient> {
    const server = await rawServer(onPeer);
    const it = await world();
    closing.push(
      () => it.close(),
      () => server.close(),
    );
    return it.client({}, server.port);
  }
  const answers: readonly (readonly [string, readonly Buffer[], RegExp])[] = [
    ['speaks HTTP', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], /it begins with "HTTP/],
    ['speaks another version', [Buffer.from('\0micro/\x07', 'latin1')], /version 7/],
    ['greets with something else', [greeting, frame(type.pong)], /in the place of a greeting/],
    ['sends a frame that is too long', [greeting, hello(), u32(1 << 30)], /1073741824 bytes/],
    ['sends a call', [greeting, hello(), call(0, 'x')], /type 3/],
    ['floods with pings', [greeting, hello(), ...many(101, () => frame(type.ping))], /pings a second/],
    [
      'says why it leaves',
      [
        greeting,
        hello(),
        frame(type.goaway, 0, Buffer.concat([Buffer.of(5), u32(0), Buffer.from('too much')])),
      ],
      /too much/,
    ],
    ['leaves in the middle of a greeting', [greeting.subarray(0, 5)], /closed/],
  ];
  test.each(answers)(
    'one that %s: calls fail with unavailable, and not as delivered',
    async (_, bytes, text) => {
      const client = await against((peer) => {
        peer.socket.once('data', () => peer.socket.end(Buffer.concat(bytes)));
      });
      const outcome = (await send(client, targetOf('Test.echo'), '1').outcome) as Failure;
      expect(isMicroError(outcome.error, 'unavailable')).toBe(true);
      expect(outcome.error.message).toMatch(text);
      expect(outcome.delivered).not.toBe('yes');
    },
  );

  test('an answer to nobody is passed over, and one to a call under way is not taken twice', async () => {
    const client = await against((peer) => {
      peer.send(greeting, hello());
      peer.socket.on('data', () => {
        if (!peer.received.includes('question')) return;
        const answer = frame(type.reply, 0, '"one"', flag.ascii);
        peer.send(frame(type.reply, 9, 'x'), frame(type.reply, 1 << 20, 'x'), answer, answer);
        peer.send(frame(type.reply, stream, 'x'), frame(type.part, 0, 'x'), frame(type.error, 0, 'x'));
      });
    });
    const call = send(client, targetOf('Test.echo'), '"question"');
    expect(await call.outcome).toBe('"one"');
    await new Promise((resolve) => setImmediate(resolve));
    expect(call.outcomes).toBe(1);
    expect(client.state).toBe('ready');
  });
});
