import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { isMicroError, type Schema } from '@micro/core';
import fc from 'fast-check';
import { Struct } from '../src/google.ts';
import {
  decodeMessage,
  encodeMessage,
  type MessageType,
  protobufCodec,
  unknownFields,
} from '../src/index.ts';
import { reflect } from '../src/reflect.ts';
import { everything } from './arbitraries.ts';
import { Everything, GreetRequest, Inner } from './gen/demo/v1/everything.micro.ts';
import { bare, reflected } from './reflected.ts';
import { full } from './samples.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex');

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isMicroError(error, 'bad_request')) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('generated code', () => {
  test('writes the bytes of the encoding guide', () => {
    expect(hex(encodeMessage(Everything, { anInt32: 150 }))).toBe('189601');
    expect(hex(encodeMessage(Everything, { aString: 'testing' }))).toBe('720774657374696e67');
    expect(hex(encodeMessage(Inner, { nums: [3, 270, 86942] }))).toBe('1206038e029ea705');
    expect(hex(encodeMessage(Everything, { aSint32: -2 }))).toBe('3803');
  });

  test('leaves defaults out, but not where presence is told apart, nor minus zero', () => {
    expect(hex(encodeMessage(Everything, Everything.create()))).toBe('');
    expect(hex(encodeMessage(Everything, { color: 0, aFloat: 0, aBytes: new Uint8Array(0) }))).toBe('');
    expect(hex(encodeMessage(Everything, { maybe: 0, maybeText: '', inner: {} }))).toBe('8a01009001009a0100');
    expect(hex(encodeMessage(Everything, { aDouble: -0 }))).toBe('090000000000000080');
  });

  test('reads what it writes, and so does reflection, byte for byte the same', () => {
    fc.assert(
      fc.property(everything, (init) => {
        const body = encodeMessage(Everything, init);
        const whole = Everything.create(init);
        expect(decodeMessage(Everything, body)).toStrictEqual(whole);
        expect(decodeMessage(reflected('Everything'), body)).toEqual(whole);
        expect(hex(encodeMessage(reflected('Everything'), { ...whole }))).toBe(hex(body));
      }),
      { numRuns: 300 },
    );
  });

  test('protobufjs reads it, and what protobufjs writes of that is the same message', () => {
    const type = bare('Everything');
    fc.assert(
      fc.property(everything, (init) => {
        const theirs = type.decode(encodeMessage(Everything, init));
        expect(decodeMessage(Everything, type.encode(theirs).finish())).toStrictEqual(
          Everything.create(init),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('packed and unpacked are both read, whichever is written', () => {
    expect(decodeMessage(Inner, bytes('1001100210ffffffffffffffffff01')).nums).toEqual([1, 2, -1]);
    expect(decodeMessage(Everything, bytes('ca01020102')).loose).toEqual([1, 2]);
    expect(decodeMessage(Everything, bytes('ca010101c80102ca010103')).loose).toEqual([1, 2, 3]);
  });

  test('of what comes twice the last counts, messages are merged, and of a oneof only the last stays', () => {
    expect(decodeMessage(Everything, bytes('18011802')).anInt32).toBe(2);
    expect(decodeMessage(Everything, bytes('8a01030a01618a0103120101')).inner).toEqual({
      id: 'a',
      nums: [1],
    });
    expect(decodeMessage(Everything, bytes('c20201618a01030a0161d202020a00c802058a0100')).pick).toEqual({
      case: 'pickNumber',
      value: 5n,
    });
    expect(decodeMessage(Everything, bytes('d202030a0161d20203120101')).pick).toEqual({
      case: 'pickInner',
      value: { id: 'a', nums: [1] },
    });
  });

  test('an entry of a map may lack its key or its value, and none becomes a prototype', () => {
    expect(decodeMessage(Everything, bytes('f20100')).byName).toEqual({ '': 0 });
    expect(decodeMessage(Everything, bytes('fa0100')).byNumber).toEqual({ '0': { id: '', nums: [] } });
    const { byName } = decodeMessage(Everything, bytes('f2010d0a095f5f70726f746f5f5f1001'));
    expect(Object.keys(byName)).toEqual([]);
    expect(Object.getPrototypeOf(byName)).toBe(Object.prototype);
  });

  test('an entry called __proto__ sets no prototype, whose value is a message', () => {
    const polluting = { kind: { case: 'boolValue', value: true }, polluted: true };
    const body = encodeMessage(Struct, {
      fields: JSON.parse(`{"a":{},"__proto__":${JSON.stringify(polluting)}}`),
    });
    expect(Buffer.from(body).toString()).toContain('__proto__');
    for (const type of [Struct, reflect(bare('WellKnown').root.lookupType('google.protobuf.Struct'))]) {
      const { fields } = decodeMessage<object, object>(type, body) as Struct;
      expect(Object.keys(fields)).toEqual(['a']);
      expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
    }
  });

  test('values of an enum that have no name stay numbers, both ways', () => {
    const { color: read } = decodeMessage(Everything, bytes('800163'));
    expect(read).toBe(99);
    expect(hex(encodeMessage(Everything, { color: read }))).toBe('800163');
  });

  test('bytes are views of the body, and Uint8Arrays', () => {
    const { aBytes } = decodeMessage(Everything, Buffer.from('7a020102', 'hex'));
    expect(aBytes).toStrictEqual(Uint8Array.of(1, 2));
    expect(aBytes).not.toBeInstanceOf(Buffer);
  });

  test('64-bit integers are strings where reflection is told so', () => {
    const type = reflected('Everything', 'string');
    const body = encodeMessage(Everything, { anInt64: -5n, aUint64: 2n ** 64n - 1n, int64s: [1n] });
    const read = decodeMessage(type, body);
    expect(read).toMatchObject({
      anInt64: '-5',
      aUint64: '18446744073709551615',
      int64s: ['1'],
      aFixed64: '0',
    });
    expect(hex(encodeMessage(type, read))).toBe(hex(body));
    expect(refusal(() => encodeMessage(type, { anInt64: 'x' }))).toContain('anInt64: "x" is no int64');
  });
});

describe('unknown fields', () => {
  // A GreetRequest of a later version: fields 3 (text), 4 (number) and 5 (group) were added
  const later = bytes('0a034164611a016220052b30012c1001');

  test('are kept and written again, after those that are known', () => {
    const read = decodeMessage(GreetRequest, later);
    expect(read).toMatchObject({ name: 'Ada', times: 1n });
    expect(read[unknownFields]?.map(hex)).toEqual(['1a016220052b30012c']);
    expect(hex(encodeMessage(GreetRequest, read))).toBe('0a0341646110011a016220052b30012c');
    expect(hex(encodeMessage(GreetRequest, { ...read, name: '' }))).toBe('10011a016220052b30012c');
  });

  test('go with the message where it is completed, and are dropped where that was asked for', () => {
    const read = decodeMessage(GreetRequest, later);
    expect(GreetRequest.create(read)).toStrictEqual(read);
    const dropped = protobufCodec({ unknownFields: 'drop' }).bind(GreetRequest).decode(later);
    expect(dropped).toStrictEqual({ name: 'Ada', times: 1n });
  });

  test('neighbours cost one array, however many they are', () => {
    const { [unknownFields]: kept } = decodeMessage(GreetRequest, bytes('2001'.repeat(10_000)));
    expect(kept?.length).toBe(1);
  });

  test('a known field with a wire type that it never has is unknown', () => {
    const read = decodeMessage(GreetRequest, bytes('0801'));
    expect(read.name).toBe('');
    expect(read[unknownFields]?.map(hex)).toEqual(['0801']);
  });
});

describe('what cannot be written', () => {
  const bound = protobufCodec().bind(Everything);
  test.each<[string, object]>([
    ['demo.v1.Everything.aString: 5 is no string', { aString: 5 }],
    ['anInt32: 1.5 is no int32', { anInt32: 1.5 }],
    ['anInt32: 2147483648 is no int32', { anInt32: 2 ** 31 }],
    ['aUint32: -1 is no uint32', { aUint32: -1 }],
    ['anInt64: 5 is no int64', { anInt64: 5 }],
    ['anInt64: 9223372036854775808 is no int64', { anInt64: 2n ** 63n }],
    ['aUint64: -1 is no uint64', { aUint64: -1n }],
    ['aDouble: "1" is no double', { aDouble: '1' }],
    ['aBool: 1 is no bool', { aBool: 1 }],
    ['aBytes: "AQ==" is no bytes', { aBytes: 'AQ==' }],
    ['color: demo.v1.Color has no value "PINK"', { color: 'PINK' }],
    ['color: demo.v1.Color has no value "constructor"', { color: 'constructor' }],
    ['inner.next.nums.1: "x" is no int32', { inner: { next: { nums: [1, 'x'] } } }],
    ['inner: null is no demo.v1.Inner', { inner: null }],
    ['inners.0: 7 is no demo.v1.Inner', { inners: [7] }],
    ['byName.a: "1" is no int32', { byName: { a: '1' } }],
    ['byNumber: "" is no integer', { byNumber: { '': {} } }],
    [
      'byNumber.9223372036854775808: 9223372036854775808 is no int64',
      { byNumber: { [String(2n ** 63n)]: {} } },
    ],
    ['byBool.maybe: "maybe" is no bool', { byBool: { maybe: 1 } }],
    ['byUint.0x1: "0x1" is no integer', { byUint: { '0x1': new Uint8Array(0) } }],
    ['byUint.-1: -1 is no uint32', { byUint: { '-1': new Uint8Array(0) } }],
    ['pick: "nothing" is no case', { pick: { case: 'nothing', value: 1 } }],
    ['pick.pickNumber: 1 is no int64', { pick: { case: 'pickNumber', value: 1 } }],
  ])('%s', (reason, message) => {
    expect(refusal(() => bound.encode(message))).toContain(reason);
    expect(() => Everything.create(message)).toThrow(reason);
  });

  test('a message that contains itself', () => {
    const message: { next?: object } = {};
    message.next = message;
    expect(refusal(() => protobufCodec().bind(Inner).encode(message))).toContain(
      'nest deeper than 100 levels',
    );
  });

  test('a schema that is not protobuf says what to do', () => {
    const plain: Schema = { '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }) } };
    expect(refusal(() => protobufCodec().bind(plain))).toContain('generate the contract');
  });
});

describe('hostile bytes', () => {
  test('nesting is bounded, in known and in unknown fields', () => {
    let known: Uint8Array = new Uint8Array(0);
    for (let level = 0; level < 101; level++) known = encodeMessageField(known);
    expect(refusal(() => decodeMessage(Inner, known))).toContain('nest deeper');
    expect(refusal(() => decodeMessage(Inner, bytes('7b'.repeat(200))))).toContain('invalid demo.v1.Inner');
  });

  test('random and broken bytes are read or refused, nothing else', () => {
    const whole = Buffer.from(encodeMessage(Everything, full));
    for (let round = 0; round < 1_000; round++) {
      const random = randomBytes(1 + (round % 60));
      const broken = Buffer.from(whole);
      broken[random.readUInt8(0) % broken.length] = random.at(-1) ?? 0;
      for (const body of [random, broken, whole.subarray(0, round % whole.length)]) {
        const types: readonly MessageType<object, object>[] = [Everything, reflected('Everything')];
        for (const type of types) {
          try {
            encodeMessage(type, decodeMessage(type, body));
          } catch (error) {
            if (!isMicroError(error, 'bad_request')) throw error;
          }
        }
      }
    }
  });
});

/** `next` of an Inner, around these bytes. */
function encodeMessageField(inside: Uint8Array): Uint8Array {
  const length = inside.length < 128 ? [inside.length] : [(inside.length & 127) | 128, inside.length >> 7];
  return Uint8Array.from([0x1a, ...length, ...inside]);
}
