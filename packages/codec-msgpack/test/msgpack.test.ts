import { describe, expect, test } from '@jest/globals';
import { isMicroError, MicroError } from '@micro/core';
import { type MsgpackCodecOptions, msgpackCodec } from '../src/index.ts';
import { hostile } from './hostile.ts';

const { encode, decode } = msgpackCodec().bind(undefined);
const hex = (message: unknown): string => Buffer.from(encode(message)).toString('hex');
const read = (text: string): unknown => decode(Buffer.from(text, 'hex'));

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isMicroError(error, 'bad_request')) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('what it writes', () => {
  test('is the format of the MessagePack specification', () => {
    expect(hex({ compact: true, schema: 0 })).toBe('82a7636f6d70616374c3a6736368656d6100');
    expect(hex([1, -1, 128, -129, 65536, 1.5])).toBe('9601ffcc80d1ff7fce00010000cb3ff8000000000000');
    expect(hex(null)).toBe('c0');
    expect(hex({ data: Uint8Array.of(1, 2) })).toBe('81a464617461c4020102');
  });

  test('a number is never a 64-bit integer, a bigint always', () => {
    expect(hex([2 ** 53 - 1, 1n, -1n, 2n ** 64n - 1n])).toBe(
      '94cb433fffffffffffffd30000000000000001d3ffffffffffffffffcfffffffffffffffff',
    );
  });

  test('undefined is left out of objects, and null in arrays, as in JSON', () => {
    expect(hex({ a: undefined, b: 1 })).toBe('81a16201');
    expect(hex([undefined, 1])).toBe('92c001');
    expect(hex(undefined)).toBe('80');
  });

  test('a class of the application is written by its fields', () => {
    class Point {
      x = 1;
      y = 2;
    }
    expect(read(hex(new Point()))).toEqual({ x: 1, y: 2 });
    expect(read(hex(Object.assign(Object.create(null), { a: 1 })))).toEqual({ a: 1 });
  });

  test.each([
    ['a function', { f: () => 1 }],
    ['a symbol', { s: Symbol('s') }],
    ['a Set', new Set([1])],
    ['a Map', new Map([['a', 1]])],
    ['a RegExp', /x/],
    ['a Error', new Error('x')],
    ['a Promise', Promise.resolve(1)],
    ['a String', new String('x')],
    ['a ArrayBuffer', new ArrayBuffer(3)],
    ['a Float32Array', new Float32Array([1, 2])],
    ['toJSON', { toJSON: () => 1 }],
    ['an invalid Date', new Date(Number.NaN)],
    ['more than 64 bits', 2n ** 64n],
    ['more than 64 bits', -(2n ** 63n) - 1n],
    ['half of a surrogate pair', 'a\ud800b'],
    ['half of a surrogate pair', { '\udc00': 1 }],
  ])('refuses %s, which it would write as something else', (reason, value) => {
    expect(refusal(() => encode([{ value }]))).toContain(reason);
  });

  test('refuses a message that contains itself, and goes on working', () => {
    const message: Record<string, unknown> = {};
    message.self = message;
    expect(refusal(() => encode(message))).toContain('contains itself');
    expect(read(hex({ a: 1 }))).toEqual({ a: 1 });
  });

  test('what a getter throws passes, and the next message is whole', () => {
    const message = {
      get a(): number {
        throw new MicroError('conflict', 'mine');
      },
    };
    expect(() => encode(message)).toThrow('mine');
    expect(hex({ a: 1 })).toBe('81a16101');
  });
});

describe('what it reads', () => {
  test('bytes are Uint8Arrays, also out of a Buffer', () => {
    const message = read('81a464617461c4020102');
    expect(message).toEqual({ data: Uint8Array.of(1, 2) });
    expect(Reflect.get(Object(message), 'data')).not.toBeInstanceOf(Buffer);
  });

  test('dates are timestamps, in all three sizes', () => {
    for (const ms of [0, 1e12, 1e12 + 5, 2 ** 34 * 1000, -1, 253_402_300_799_999]) {
      const date = new Date(ms);
      expect(read(hex({ date }))).toEqual({ date });
    }
    expect(read('d6ff00000001')).toEqual(new Date(1000));
    expect(read('d7ffee2e1f0000000001')).toEqual(new Date(1999));
    expect(read('c70cff3b8b87c0ffffffffffffffff')).toEqual(new Date(-1));
  });

  test('64-bit integers are bigints; with int64 auto only those that are no exact number', () => {
    const body = Buffer.from(
      '94cf0000000000000001d3ffffffffffffffffcfffffffffffffffff81a16ed30020000000000000',
      'hex',
    );
    expect(decode(body)).toEqual([1n, -1n, 2n ** 64n - 1n, { n: 2n ** 53n }]);
    const auto = msgpackCodec({ int64: 'auto' }).bind(undefined);
    expect(auto.decode(body)).toEqual([1, -1, 2n ** 64n - 1n, { n: 2n ** 53n }]);
    expect(auto.decode(Buffer.from('cf0000000000000001', 'hex'))).toBe(1);
  });

  test.each(hostile)('refuses, and says why: %s (%s)', (reason, bytes) => {
    expect(refusal(() => read(bytes))).toContain(reason.trim());
  });

  test('the depth is an option, both ways, and counts levels', () => {
    const shallow = msgpackCodec({ maxDepth: 2 }).bind(undefined);
    expect(shallow.decode(Buffer.from('9181a16101', 'hex'))).toEqual([{ a: 1 }]);
    expect(refusal(() => shallow.decode(Buffer.from('9181a16190', 'hex')))).toContain('2 levels');
    expect(shallow.encode([{ a: 1 }])).toEqual(Buffer.from('9181a16101', 'hex'));
    expect(refusal(() => shallow.encode([{ a: [] }]))).toContain('too deep');
  });

  test('options that make no sense are refused', () => {
    for (const options of [{ maxDepth: 0 }, { maxDepth: 1.5 }, { int64: 'number' }])
      expect(refusal(() => msgpackCodec(options as MsgpackCodecOptions))).toContain('must be');
  });
});
