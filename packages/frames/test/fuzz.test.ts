import { expect, test } from '@jest/globals';
import { isMicroError, noMetadata } from '@micro/core';
import type { Bytes } from '../src/bytes.ts';
import { ClientSession } from '../src/client-session.ts';
import { limitsOf } from '../src/limits.ts';
import { ServerSession } from '../src/server-session.ts';
import type { SessionOwner } from '../src/session-owner.ts';
import { FrameStream } from '../src/stream.ts';
import { Sweep } from '../src/sweep.ts';
import { memorySocket } from './memory-socket.ts';
import { call, callHead, flag, frame, greeting, hello, target, type, u32 } from './raw.ts';
import { TestAcceptor, TestCall, TestStream, target as targetOf } from './world.ts';

// the whole million: MICRO_FUZZ_CASES=1000000 npm test -- packages/frames
const cases = Number(process.env.MICRO_FUZZ_CASES ?? 40_000);
const seed = Number(process.env.MICRO_FUZZ_SEED ?? 20_261_121);

/** xorshift32: the same cases everywhere. */
function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const stream = 0x80000000;
const limits = limitsOf({
  maxBodyBytes: 4096,
  maxCalls: 32,
  maxStreams: 8,
  windowBytes: 8192,
  firstCutBytes: 0,
});
const fromClient: readonly Buffer[] = [
  target(1),
  target(2, 'Test.bidi'),
  call(0, '{"a":1}'),
  call(1, 'größe', 1, 0),
  call(2, Buffer.concat([Buffer.of(0, 4), Buffer.from('a\0b\0'), Buffer.from('{}')]), 1, flag.metadata),
  call(3, 'x'.repeat(2000), 1, flag.more),
  frame(type.part, 3, 'y'.repeat(1000)),
  frame(type.open, stream, callHead(2, 500)),
  frame(type.message, stream, '1'),
  frame(type.message, stream, 'z'.repeat(1000), flag.more),
  frame(type.part, stream, 'z'),
  frame(type.credit, stream, u32(1000)),
  frame(type.end, stream),
  frame(type.cancel, 0),
  frame(type.reset, stream),
  frame(type.ping, 5),
  frame(type.goaway, 0, Buffer.concat([Buffer.of(1), u32(3), Buffer.from('why')])),
];
const fromServer: readonly Buffer[] = [
  frame(type.reply, 0, '{"a":1}', flag.ascii),
  frame(type.reply, 1, 'größe'),
  frame(type.reply, 2, 'x'.repeat(2000), flag.more),
  frame(type.part, 2, 'y'),
  frame(type.error, 3, '{"code":404,"detail":"no"}'),
  frame(type.error, 1, 'text', flag.undelivered),
  frame(type.message, stream, '1'),
  frame(type.message, stream, 'z'.repeat(1000), flag.more),
  frame(type.part, stream, 'z'),
  frame(type.credit, stream, u32(1000)),
  frame(type.end, stream),
  frame(type.reset, stream, '{"code":500}'),
  frame(type.ping, 5),
  frame(type.goaway, 0, Buffer.concat([Buffer.of(0), u32(0xffffffff)])),
  frame(type.goaway, 0, Buffer.concat([Buffer.of(2), u32(2), Buffer.from('why')])),
];

/** Frames in a random order, some bytes changed, cut anywhere. */
function* chunks(frames: readonly Buffer[], pick: (below: number) => number): Generator<Bytes> {
  const parts = [greeting, hello()];
  for (let count = 1 + pick(8); count > 0; count--) parts.push(frames[pick(frames.length)] ?? greeting);
  const bytes = Buffer.concat(parts);
  // mostly behind the greeting, and mostly in heads, where it hurts
  for (let count = pick(4); count > 0; count--) {
    const at = pick(20) === 0 ? pick(bytes.length) : Math.min(bytes.length - 1, 56 + pick(60));
    bytes[at] = pick(3) === 0 ? pick(256) : (bytes[at] ?? 0) ^ (1 << pick(8));
  }
  for (let at = 0; at < bytes.length; ) {
    const size = pick(4) === 0 ? 1 + pick(12) : bytes.length - at;
    yield Buffer.from(bytes.subarray(at, at + size)) as Bytes;
    at += size;
  }
}

test(`${cases} hostile connections: nothing throws, nothing is told twice, what is not understood ends`, async () => {
  const pick = random(seed);
  const sweep = new Sweep(1000);
  let ended = 0;
  let served = 0;
  for (let number = 0; number < cases; number++) {
    const socket = memorySocket();
    if (number % 2 === 0) {
      const acceptor = new TestAcceptor();
      acceptor.echoes = false;
      const session = new ServerSession(
        socket,
        limits,
        sweep,
        acceptor,
        { address: 'fuzz' },
        () => undefined,
      );
      for (const chunk of chunks(fromClient, pick)) session.receive(chunk);
      for (const { call } of acceptor.calls) {
        if (call.body.length > 4096) throw new Error(`case ${number}: a body of ${call.body.length} bytes`);
        if (Object.getPrototypeOf(call.metadata) !== null && call.metadata !== noMetadata)
          throw new Error(`case ${number}: metadata with a prototype`);
        call.reply(call.body);
        call.reply(call.body);
      }
      for (const { stream } of acceptor.streams) {
        stream.sink.write('1');
        stream.sink.end();
      }
      served += acceptor.calls.length;
      if (session.ending) ended++;
      session.destroy();
    } else {
      const calls: TestCall[] = [];
      let left = 0;
      const owner: SessionOwner = {
        address: 'fuzz',
        service: '',
        ready(session) {
          try {
            for (let count = 0; count < 4; count++) {
              const call = new TestCall(targetOf('Test.echo'), '1');
              session.send(call);
              calls.push(call);
            }
            const stream = new TestStream('bidi', targetOf('Test.bidi'));
            const half = new FrameStream('client', true, 8192, (half) => session.forget(half));
            half.tell(stream);
            session.open({ stream, half });
          } catch (error) {
            if (!isMicroError(error)) throw error; // a greeting that allows nothing
          }
        },
        left() {
          left++;
        },
        lost: () => undefined,
        idle: () => undefined,
      };
      const session = new ClientSession(socket, limits, sweep, owner);
      session.connected();
      for (const chunk of chunks(fromServer, pick)) session.receive(chunk);
      for (const { outcomes } of calls)
        if (outcomes > 1) throw new Error(`case ${number}: told ${outcomes} times`);
      if (left > 9) throw new Error(`case ${number}: left ${left} times`);
      served += calls.filter(({ outcomes }) => outcomes === 1).length;
      if (session.ending) ended++;
      session.destroy();
    }
    // sockets close in a moment of their own
    if (number % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  // both happen, or the fuzz is of no use
  expect(ended).toBeGreaterThan(cases / 20);
  expect(served).toBeGreaterThan(cases / 10);
}, 600_000);
