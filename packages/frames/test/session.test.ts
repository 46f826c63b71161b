import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { MicroError } from '@micro/core';
import type { FrameClient } from '../src/index.ts';
import type { FrameOptions } from '../src/limits.ts';
import { call, callHead, flag, frame, greeting, hello, Raw, rawServer, target, type, u32 } from './raw.ts';
import { type Failure, send, TestCall, TestStream, target as targetOf, type World, world } from './world.ts';

const stream = 0x80000000;
const echo = targetOf('Test.echo');
const long = 'x'.repeat(1_000_000);
let undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.reverse()) await step();
  undo = [];
});
async function serving(options: FrameOptions = {}): Promise<World> {
  const it = await world(options);
  undo.push(() => it.close());
  return it;
}
async function rawTo({ port }: World): Promise<Raw> {
  const raw = await Raw.to(port);
  undo.push(() => raw.socket.destroy());
  return raw;
}
/** A client of ours against a server of bytes, which has greeted. */
async function against(
  greet: Buffer = hello([1 << 24, 64, 16, 8, 65_536]),
  options: FrameOptions = {},
): Promise<{ readonly client: FrameClient; readonly peers: Raw[] }> {
  const peers: Raw[] = [];
  const server = await rawServer((peer) => {
    peers.push(peer);
    peer.send(greeting, greet);
  });
  undo.push(() => server.close());
  const it = await serving();
  return { client: it.client(options, server.port), peers };
}
async function failure(call: TestCall): Promise<Failure> {
  const outcome = await call.outcome;
  if (typeof outcome === 'string' || outcome instanceof Uint8Array) throw new Error('it was answered');
  return outcome;
}
const typesOf = (raw: Raw | undefined): number[] => raw?.frames.map((one) => one.type) ?? [];
const count = (raw: Raw | undefined, wanted: number): number =>
  typesOf(raw).filter((one) => one === wanted).length;

describe('a connection that is being made', () => {
  test('is given up when nobody waits for it any more, however long it may take', async () => {
    const { client, peers } = await against(Buffer.alloc(0), { handshakeTimeoutMs: 600_000 });
    const waiting = send(client, echo, '"never"');
    await eventually(() => peers.length === 1);
    client.cancel(waiting);
    await client.close(); // of ten minutes
    await eventually(() => peers[0]?.socket.closed === true);
  });
});

describe('long bodies', () => {
  test('do not hold up short ones: an answer comes between the parts of another', async () => {
    const it = await serving();
    it.acceptor.echoes = false;
    const raw = await rawTo(it);
    raw.send(greeting, hello([1 << 24, 64, 16, 8, 65_536]), target(1), call(0, 'a'), call(1, 'b'));
    await eventually(() => it.acceptor.calls.length === 2);
    const [first, second] = it.acceptor.calls;
    first?.call.reply(long);
    // in the next turn the first parts have left
    setImmediate(() => second?.call.reply('short'));
    await eventually(() => raw.frames.some((one) => one.type === type.part && (one.flags & flag.more) === 0));
    const order = raw.frames.filter((one) => one.type === type.reply || one.type === type.part);
    expect(order.findIndex(({ id }) => id === 1)).toBeLessThan(order.length - 1);
    const whole = order.filter(({ id }) => id === 0).map(({ body }) => body.toString());
    expect(whole.join('') === long).toBe(true);
  });

  test('may be asked for first on a connection, and leave after short ones', async () => {
    const it = await serving();
    const client = it.client();
    const calls = Array.from({ length: 8 }, () => send(client, echo, long));
    const short = send(client, echo, '"short"');
    expect(await short.outcome).toBe('"short"');
    for (const call of calls) expect((await call.outcome) === long).toBe(true);
  });

  test('go four at once, in turn, and the others wait', async () => {
    const { client, peers } = await against();
    for (let index = 0; index < 8; index++) send(client, echo, long.slice(0, 300_000));
    await eventually(() => (peers[0]?.received.length ?? 0) > 2_400_000);
    const open = new Set<number>();
    let most = 0;
    for (const { type: kind, flags, id } of peers[0]?.frames ?? []) {
      if (kind !== type.call && kind !== type.part) continue;
      if ((flags & flag.more) === 0) open.delete(id);
      else open.add(id);
      most = Math.max(most, open.size);
    }
    expect(most).toBe(4);
    expect(open.size).toBe(0);
  });

  test('stop when their call is cancelled: the server is told, or has never heard of it', async () => {
    const { client, peers } = await against();
    const calls = Array.from({ length: 5 }, () => send(client, echo, 'y'.repeat(12_000_000)));
    await eventually(() => count(peers[0], type.call) === 4);
    for (const call of calls) client.cancel(call);
    await eventually(() => count(peers[0], type.cancel) === 4);
    const last = send(client, echo, '"after"');
    await eventually(() => peers[0]?.received.includes('"after"') ?? false);
    expect(count(peers[0], type.call)).toBe(5);
    expect(peers[0]?.frames.some((one) => one.type === type.part && (one.flags & flag.more) === 0)).toBe(
      false,
    );
    expect([...calls, last].every(({ outcomes }) => outcomes === 0)).toBe(true);
  });

  test('over the limit of either side are refused before they leave', async () => {
    const { client, peers } = await against(hello([100_000, 64, 16, 8, 65_536]), { maxBodyBytes: 200_000 });
    for (const size of [100_001, 300_000]) {
      const { error, delivered } = await failure(send(client, echo, 'x'.repeat(size)));
      expect([error.code, delivered]).toEqual(['too_large', 'no']);
    }
    const wide = await failure(send(client, echo, 'ü'.repeat(50_001)));
    expect(wide.error.code).toBe('too_large');
    send(client, echo, 'ü'.repeat(50_000));
    await eventually(() => count(peers[0], type.call) === 1);
  });

  test('an answer over the limit of the client is an error to it', async () => {
    const it = await serving();
    it.acceptor.echoes = false;
    const client = it.client({ maxBodyBytes: 100_000 });
    const call = send(client, echo, '1');
    await eventually(() => it.acceptor.calls.length === 1);
    it.acceptor.calls[0]?.call.reply('x'.repeat(100_001));
    expect((await failure(call)).error.code).toBe('too_large');
  });
});

describe('what was delivered', () => {
  test('a server that leaves says what it has taken: the rest goes elsewhere at once', async () => {
    const { client, peers } = await against();
    const calls = Array.from({ length: 5 }, (_, index) => send(client, echo, `${index}`));
    const half = client.open(new TestStream('bidi', targetOf('Test.bidi')));
    await eventually(() => count(peers[0], type.open) === 1);
    peers[0]?.send(frame(type.goaway, 0, Buffer.concat([Buffer.of(0), u32(2)])));
    for (const call of calls.slice(2)) {
      const { error, delivered } = await failure(call);
      expect([error.code, delivered]).toEqual(['unavailable', 'no']);
    }
    expect(calls[0]?.outcomes).toBe(0);
    peers[0]?.send(frame(type.reply, 0, '"late"', flag.ascii));
    expect(await calls[0]?.outcome).toBe('"late"');
    peers[0]?.socket.end();
    expect(await calls[1]?.outcome).toMatchObject({ delivered: 'maybe' });
    half.write('after the end');
  });

  test('what was not written yet is not delivered', async () => {
    const { client } = await against();
    const first = send(client, echo, '1');
    await eventually(() => client.state === 'ready');
    const second = send(client, echo, '2');
    client.destroy();
    expect(await failure(second)).toMatchObject({ delivered: 'no' });
    expect(await failure(first)).toMatchObject({ delivered: 'maybe' });
  });

  test('a closing server counts what it has taken', async () => {
    const it = await serving();
    it.acceptor.echoes = false;
    const raw = await rawTo(it);
    raw.send(greeting, hello(), target(1), target(2, 'Test.bidi'), call(0, 'a'), call(1, 'b'));
    raw.send(frame(type.open, stream, callHead(2)));
    await eventually(() => it.acceptor.streams.length === 1);
    it.frames.drain();
    await eventually(() => raw.goodbye !== undefined);
    expect(raw.goodbye).toMatchObject({ reason: 0, count: 0xffffffff });
    it.frames.close();
    await raw.closed;
    expect(raw.frames.at(-1)?.body.readUInt32BE(1)).toBe(3);
    expect(it.acceptor.calls.every(({ cancelled }) => cancelled)).toBe(true);
  });

  test('while a server leaves, the address is tried again: another may stand there', async () => {
    const { client, peers } = await against();
    send(client, echo, '1');
    await eventually(() => count(peers[0], type.call) === 1);
    peers[0]?.send(frame(type.goaway, 0, Buffer.concat([Buffer.of(0), u32(0xffffffff)])));
    await eventually(() => client.state === 'leaving');
    await eventually(() => {
      client.request(new TestCall(echo, '"next"'));
      return peers[1]?.received.includes('"next"') ?? false;
    });
    expect(client.state).toBe('ready');
    // what is under way on the old connection is not forgotten
    expect(peers[0]?.socket.closed).toBe(false);
  });
});

describe('a silent peer', () => {
  const times = { pingIntervalMs: 40, pingTimeoutMs: 40 };

  test('is asked, and given up when it does not answer', async () => {
    const { client, peers } = await against(hello(), times);
    const { error, delivered } = await failure(send(client, echo, '1'));
    expect([error.code, delivered]).toEqual(['unavailable', 'maybe']);
    expect(error.message).toContain('ping');
    expect(count(peers[0], type.ping)).toBe(1);
  });

  test('is kept when it does', async () => {
    const { client, peers } = await against(hello(), { ...times, pingTimeoutMs: 5_000 });
    const call = send(client, echo, '1');
    let pongs = 0;
    await eventually(() => {
      for (; pongs < count(peers[0], type.ping); pongs++) peers[0]?.send(frame(type.pong));
      return pongs > 5;
    });
    expect(call.outcomes).toBe(0);
    expect(client.state).toBe('ready');
  });

  test('is given up by a server, too, and its work is cancelled', async () => {
    const it = await serving(times);
    it.acceptor.echoes = false;
    const raw = await rawTo(it);
    raw.send(greeting, hello(), target(1), call(0, 'a'));
    await raw.closed;
    expect(count(raw, type.ping)).toBe(1);
    await eventually(() => it.acceptor.calls[0]?.cancelled === true);
  });

  test('that does not read is given up', async () => {
    const it = await serving({ writeTimeoutMs: 100, maxUnreadBytes: 1 << 30 });
    const raw = await rawTo(it);
    raw.send(greeting, hello([1 << 24, 64, 16, 8, 65_536]), target(1));
    raw.socket.pause();
    for (let id = 0; id < 8; id++) raw.send(call(id, long.slice(0, 200_000)));
    it.acceptor.echoes = false;
    await eventually(() => it.acceptor.calls.length === 8);
    for (const { call } of it.acceptor.calls) call.reply('x'.repeat(4_000_000));
    raw.socket.resume().pause();
    await eventually(() => it.frames.size === 0);
    raw.socket.resume();
    await raw.closed;
    expect(raw.received.length).toBeLessThan(32_000_000);
  });
});

describe('limits', () => {
  test('a client that does not read its answers is not read until it does', async () => {
    const it = await serving({ maxUnreadBytes: 1_000_000 });
    it.acceptor.echoes = false;
    const raw = await rawTo(it);
    raw.send(greeting, hello([1 << 24, 64, 16, 8, 65_536]), target(1), call(0, 'x'));
    await eventually(() => it.acceptor.calls.length === 1);
    raw.socket.pause();
    it.acceptor.calls[0]?.call.reply('x'.repeat(15_000_000)); // more than all buffers of the kernel
    raw.send(call(1, 'y'));
    // had it been read, it would have been before what another connection sent later
    it.acceptor.echoes = true;
    const other = it.client();
    for (let time = 0; time < 10; time++) await send(other, echo, '"other"').outcome;
    expect(it.acceptor.calls.map(({ call }) => call.body)).not.toContain('y');
    raw.socket.resume();
    await eventually(() => it.acceptor.calls.some(({ call }) => call.body === 'y'));
  });

  test('a client that has read a long answer is read again, also where the last part of it is short', async () => {
    const it = await serving({ maxUnreadBytes: 1_000_000 });
    const client = it.client();
    const body = 'x'.repeat(20 * 65_536 + 100);
    for (let time = 0; time < 3; time++) expect((await send(client, echo, body).outcome) === body).toBe(true);
    expect(await send(client, echo, '"more"').outcome).toBe('"more"');
  });

  test('a client that reads much slower than it asks is given up', async () => {
    const it = await serving({ maxUnreadBytes: 100_000 });
    it.acceptor.echoes = false;
    const raw = await rawTo(it);
    raw.send(greeting, hello([1 << 24, 64, 16, 8, 65_536]), target(1), call(0, 'x'), call(1, 'x'));
    await eventually(() => it.acceptor.calls.length === 2);
    it.acceptor.calls[0]?.call.reply('x'.repeat(15_000_000));
    await eventually(() => it.frames.size === 0 && it.acceptor.calls[1]?.cancelled === true);
  });

  test('of the server are kept by the client: calls, streams, targets', async () => {
    const { client, peers } = await against(hello([65_536, 2, 1, 1, 65_536]));
    const calls = [0, 1, 2].map(() => send(client, echo, '1'));
    const refused = await failure(calls[2] as TestCall);
    expect([refused.error.code, refused.delivered]).toEqual(['overloaded', 'no']);
    peers[0]?.send(frame(type.reply, 0, '1', flag.ascii));
    await calls[0]?.outcome;
    send(client, targetOf('Test.other'), '1');
    await eventually(() => count(peers[0], type.call) === 3);
    expect(count(peers[0], type.target)).toBe(1);
    expect(peers[0]?.frames.at(-1)?.body.toString('latin1')).toContain(
      'greeter\0Test.other\0application/json',
    );
    const streams = [0, 1].map(() => {
      const stream = new TestStream('bidi', targetOf('Test.bidi'));
      client.open(stream);
      return stream;
    });
    await eventually(() => streams[1]?.told.length === 1);
    expect(streams[1]?.told[0]).toMatchObject({ code: 'overloaded' });
    expect(streams[0]?.told).toHaveLength(0);
  });

  test('only so many calls wait for a connection', async () => {
    const { client } = await against(Buffer.alloc(0), { maxWaiting: 3 });
    const calls = [0, 1, 2, 3].map(() => send(client, echo, '1'));
    expect(await failure(calls[3] as TestCall)).toMatchObject({
      error: { code: 'overloaded' },
      delivered: 'no',
    });
    client.destroy();
    expect(await failure(calls[0] as TestCall)).toMatchObject({ delivered: 'no' });
  });

  test('a greeting that does not come fails what waits, as not delivered', async () => {
    const { client } = await against(Buffer.alloc(0), { handshakeTimeoutMs: 50 });
    const { error, delivered } = await failure(send(client, echo, '1'));
    expect([error.code, delivered]).toEqual(['unavailable', 'no']);
    expect(error.message).toContain('no greeting within 50 ms');
  });

  test('names that are not served are asked for each time, and not kept', async () => {
    const it = await serving();
    const client = it.client();
    for (let time = 0; time < 3; time++) await send(client, targetOf('Test.none'), '1').outcome;
    for (let time = 0; time < 3; time++) await send(client, echo, '1').outcome;
    const asked = it.acceptor.routes.map(([, endpoint]) => endpoint);
    expect(asked.filter((endpoint) => endpoint === 'Test.none').length).toBeGreaterThanOrEqual(3);
    expect(asked.filter((endpoint) => endpoint === 'Test.echo')).toHaveLength(1);
  });
});

describe('credit', () => {
  test('a writer has what the peer gives it, and is told when there is more', async () => {
    const it = await serving();
    const raw = await rawTo(it);
    raw.send(greeting, hello([1 << 24, 64, 16, 8, 1000]), target(1, 'Test.bidi'));
    raw.send(frame(type.open, stream, callHead(1)));
    const { stream: served } = await eventually(() => it.acceptor.streams[0] ?? false);
    let written = 0;
    while (served.sink.write('x'.repeat(84)) && written < 100) written++;
    await eventually(() => count(raw, type.message) === 10);
    // 1000 bytes are ten messages of 84 and 16
    expect(written).toBe(9);
    for (let more = 0; more < 20; more++) served.sink.write('y');
    served.sink.end();
    raw.send(frame(type.credit, stream, u32(17)), frame(type.ping, 1));
    await eventually(() => count(raw, type.pong) === 1);
    expect(count(raw, type.message)).toBe(11);
    raw.send(frame(type.credit, stream, u32(10_000)));
    await eventually(() => count(raw, type.end) === 1);
    expect(count(raw, type.message)).toBe(30);
  });

  test('a reader gives it back for what it has read, and not for what waits', async () => {
    const it = await serving({ windowBytes: 1000 });
    it.acceptor.onStream = ({ sink }) => {
      sink.pause();
      return {};
    };
    const raw = await rawTo(it);
    raw.send(greeting, hello(), target(1, 'Test.bidi'), frame(type.open, stream, callHead(1)));
    for (let index = 0; index < 10; index++) raw.send(frame(type.message, stream, 'x'.repeat(84)));
    raw.send(frame(type.ping, 1));
    await eventually(() => count(raw, type.pong) === 1);
    expect(count(raw, type.credit)).toBe(0);
    expect(it.acceptor.streams[0]?.told).toHaveLength(0);
    it.acceptor.streams[0]?.stream.sink.resume();
    await eventually(() => count(raw, type.credit) === 2);
    const given = raw.frames.filter((one) => one.type === type.credit).map(({ body }) => body.readUInt32BE());
    expect(given).toEqual([500, 500]);
  });

  test('a message larger than all credit goes as a whole, and the next one waits', async () => {
    const it = await serving();
    const raw = await rawTo(it);
    raw.send(greeting, hello([1 << 24, 64, 16, 8, 1000]), target(1, 'Test.bidi'));
    raw.send(frame(type.open, stream, callHead(1)));
    const { stream: served } = await eventually(() => it.acceptor.streams[0] ?? false);
    expect(served.sink.write(long)).toBe(false);
    served.sink.write('second');
    await eventually(() => raw.frames.some((one) => one.type === type.part && (one.flags & flag.more) === 0));
    raw.send(frame(type.ping, 1));
    await eventually(() => count(raw, type.pong) === 1);
    expect(count(raw, type.message)).toBe(1);
    raw.send(frame(type.credit, stream, u32(1_000_016)));
    await eventually(() => count(raw, type.message) === 2);
  });

  test('a message over the limit ends its stream on both sides', async () => {
    const it = await serving();
    const client = it.client({ maxBodyBytes: 100_000 });
    const opened = new TestStream('bidi', targetOf('Test.bidi'));
    const sink = client.open(opened);
    sink.write('1');
    await eventually(() => it.acceptor.streams[0]?.told.length === 1);
    sink.write('x'.repeat(100_001));
    await eventually(() => opened.told.length === 1);
    expect(opened.told[0]).toMatchObject({ code: 'too_large' });
    await eventually(() => it.acceptor.streams[0]?.told.length === 2);
    expect(it.acceptor.streams[0]?.told[1]).toMatchObject({ code: 'canceled' });
    sink.abort(new MicroError('canceled', 'again'));
  });
});
