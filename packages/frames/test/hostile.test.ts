import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { isMicroError } from '@micro/core';
import type { FrameClient } from '../src/index.ts';
import { call, callHead, flag, frame, greeting, hello, Raw, rawServer, target, type, u32 } from './raw.ts';
import { type Failure, send, target as targetOf, type World, world } from './world.ts';

const start = [greeting, hello(), target(1), target(2, 'Test.bidi')];
const stream = 0x80000000;
const open = (slot: number, ref = 2): Buffer => frame(type.open, stream + slot, callHead(ref));
const many = (count: number, make: (index: number) => Buffer): Buffer[] =>
  Array.from({ length: count }, (_, index) => make(index));
const codes = { protocol: 1, tooLarge: 2, version: 3, flow: 4, flood: 5 } as const;

/** What a client may not send, and why the server says that it ends the connection. */
const hostile: readonly {
  readonly name: string;
  readonly bytes: readonly Buffer[];
  readonly reason: keyof typeof codes;
  readonly text: RegExp;
}[] = [
  { name: 'a frame longer than any', bytes: [u32(262_145)], reason: 'tooLarge', text: /262145 bytes/ },
  { name: 'a length of 4 GiB', bytes: [u32(0xffffffff)], reason: 'tooLarge', text: /4294967295 bytes/ },
  { name: 'a length that is shorter than a head', bytes: [u32(5)], reason: 'protocol', text: /5 bytes/ },
  { name: 'a length of nothing', bytes: [u32(0)], reason: 'protocol', text: /0 bytes/ },
  { name: 'an unknown type', bytes: [frame(17)], reason: 'protocol', text: /type 17/ },
  { name: 'a header, from a client', bytes: [frame(type.header)], reason: 'protocol', text: /type 16/ },
  { name: 'type 0', bytes: [frame(0)], reason: 'protocol', text: /type 0/ },
  { name: 'unknown flags', bytes: [frame(type.ping, 0, '', 16)], reason: 'protocol', text: /flags 16/ },
  { name: 'a second greeting', bytes: [hello()], reason: 'protocol', text: /type 1 / },
  {
    name: 'an answer, from a client',
    bytes: [frame(type.reply, 0, 'x')],
    reason: 'protocol',
    text: /type 5/,
  },
  { name: 'a target out of order', bytes: [target(4)], reason: 'protocol', text: /target 4/ },
  { name: 'a target twice', bytes: [target(2)], reason: 'protocol', text: /target 2/ },
  {
    name: 'a target without a name',
    bytes: [frame(type.target, 3, 'x')],
    reason: 'protocol',
    text: /target 3/,
  },
  {
    name: 'more targets than are remembered',
    bytes: many(7, (index) => target(index + 3)),
    reason: 'protocol',
    text: /target 9/,
  },
  { name: 'a call of no known target', bytes: [call(0, 'x', 9)], reason: 'protocol', text: /head of a call/ },
  { name: 'a call without its head', bytes: [frame(type.call, 0, 'x')], reason: 'protocol', text: /head/ },
  {
    name: 'a target in a call, longer than the frame',
    bytes: [frame(type.call, 0, Buffer.concat([callHead(0), Buffer.of(0xff, 0xff), Buffer.from('a\0b\0c')]))],
    reason: 'protocol',
    text: /head of a call/,
  },
  {
    name: 'metadata that are longer than the frame',
    bytes: [call(0, Buffer.of(0, 9, 1), 1, flag.metadata)],
    reason: 'protocol',
    text: /head of a call/,
  },
  { name: 'a call far out in the table', bytes: [call(60, 'x')], reason: 'protocol', text: /call 60/ },
  {
    name: 'more calls than are allowed',
    bytes: many(65, (index) => call(index, 'x', 1)),
    reason: 'protocol',
    text: /call 64/,
  },
  { name: 'a call id in use', bytes: [call(0, 'x'), call(0, 'y')], reason: 'protocol', text: /call 0 / },
  {
    name: 'a slot in use',
    bytes: [call(0, 'x'), call(1 << 20, 'y')],
    reason: 'protocol',
    text: /call 1048576/,
  },
  {
    name: 'a stream by the id of a call',
    bytes: [frame(type.open, 0, callHead(2))],
    reason: 'protocol',
    text: /stream 0/,
  },
  { name: 'a stream twice', bytes: [open(0), open(0)], reason: 'protocol', text: /stream 2147483648/ },
  { name: 'a stream far out in the table', bytes: [open(9)], reason: 'protocol', text: /stream 2147483657/ },
  {
    name: 'a stream with a body',
    bytes: [frame(type.open, stream, Buffer.concat([callHead(2), Buffer.of(1)]))],
    reason: 'protocol',
    text: /without a body/,
  },
  {
    name: 'a message on no stream',
    bytes: [frame(type.message, stream, 'x')],
    reason: 'protocol',
    text: /no stream/,
  },
  {
    name: 'a message behind the end',
    bytes: [open(0), frame(type.end, stream), frame(type.message, stream, 'x')],
    reason: 'protocol',
    text: /behind the end/,
  },
  {
    name: 'two ends',
    bytes: [open(0), frame(type.end, stream), frame(type.end, stream)],
    reason: 'protocol',
    text: /type 10/,
  },
  {
    name: 'an end inside a message',
    bytes: [open(0), frame(type.message, stream, 'x', flag.more), frame(type.end, stream)],
    reason: 'protocol',
    text: /type 10/,
  },
  {
    name: 'two messages inside each other',
    bytes: [
      open(0),
      frame(type.message, stream, 'x', flag.more),
      frame(type.message, stream, 'x', flag.more),
    ],
    reason: 'protocol',
    text: /in parts/,
  },
  {
    name: 'five long bodies at once',
    bytes: many(5, (index) => call(index, 'x', 1, flag.more)),
    reason: 'protocol',
    text: /in parts/,
  },
  {
    name: 'a body over the limit',
    bytes: [call(0, 'x'.repeat(1001))],
    reason: 'tooLarge',
    text: /more than 1000/,
  },
  {
    name: 'a body over the limit in parts',
    bytes: [call(0, 'x'.repeat(600), 1, flag.more), frame(type.part, 0, 'x'.repeat(600))],
    reason: 'tooLarge',
    text: /more than 1000/,
  },
  {
    name: 'messages without credit',
    bytes: [open(0), ...many(70, () => frame(type.message, stream, 'x'.repeat(1000)))],
    reason: 'flow',
    text: /credit/,
  },
  {
    name: 'credit of nothing',
    bytes: [open(0), frame(type.credit, stream, u32(0))],
    reason: 'flow',
    text: /credit/,
  },
  {
    name: 'credit beyond all numbers',
    bytes: [open(0), frame(type.credit, stream, u32(0xffffffff))],
    reason: 'flow',
    text: /credit/,
  },
  {
    name: 'credit without a number',
    bytes: [open(0), frame(type.credit, stream, 'x')],
    reason: 'protocol',
    text: /type 12/,
  },
  {
    name: 'a flood of pings',
    bytes: many(101, (index) => frame(type.ping, index)),
    reason: 'flood',
    text: /100 pings/,
  },
  {
    name: 'a flood of cancels',
    bytes: many(201, () => frame(type.cancel, 1)),
    reason: 'flood',
    text: /200 calls/,
  },
  {
    name: 'a flood of streams that are opened and left',
    bytes: many(300, () => Buffer.concat([open(0), frame(type.reset, stream)])),
    reason: 'flood',
    text: /opened|left/,
  },
];

describe('a client that does not keep to the protocol', () => {
  let it: World;
  beforeEach(async () => {
    it = await world({
      maxBodyBytes: 1000,
      maxCalls: 64,
      maxStreams: 16,
      maxTargets: 8,
      windowBytes: 65_536,
      maxPings: 100,
      maxOpens: 100,
      maxCancels: 200,
      handshakeTimeoutMs: 200,
      writeTimeoutMs: 1000,
    });
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
