import { describe, expect, test } from '@jest/globals';
import { isMicroError, jsonCodec } from '@micro/core';
import fc from 'fast-check';
import { quoteIntegers } from '../src/exact-json.ts';
import { encodeMessage } from '../src/index.ts';
import { everything } from './arbitraries.ts';
import { Everything, Inner, WellKnown, type WellKnownInit } from './gen/demo/v1/everything.micro.ts';
import { reflected } from './reflected.ts';

const { encode, decode } = jsonCodec().bind(Everything);
const write = (message: object): unknown => JSON.parse(String(encode(message)));
const read = (json: unknown): unknown => decode(JSON.stringify(json));
const known = jsonCodec().bind(WellKnown);

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isMicroError(error, 'bad_request')) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('canonical JSON', () => {
  test('has lowerCamelCase, 64 bits as strings, enums by name, bytes in base64, and no defaults', () => {
    const message = Everything.create({
      anInt64: -5n,
      aUint64: 2n ** 64n - 1n,
      color: 'GREEN',
      colors: ['BLUE', 9],
      aBytes: Uint8Array.of(251, 255),
      aFloat: Math.fround(0.1),
      doubles: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5],
      byBool: { true: 'RED' },
      pick: { case: 'pickNumber', value: 0n },
      maybe: 0,
      called: 'x',
      constructor_: 'c',
    });
    expect(write(message)).toEqual({
      anInt64: '-5',
      aUint64: '18446744073709551615',
      color: 'GREEN',
      colors: ['BLUE', 9],
      aBytes: '+/8=',
      aFloat: 0.1,
      doubles: ['NaN', 'Infinity', '-Infinity', 1.5],
      byBool: { true: 'RED' },
      pickNumber: '0',
      maybe: 0,
      named: 'x',
      constructor: 'c',
    });
    expect(write({})).toEqual({});
  });

  test('every message survives it, generated and reflected', () => {
    fc.assert(
      fc.property(everything, (init) => {
        const text = encode(init);
        const whole = Everything.create(init);
        expect(decode(text)).toStrictEqual(whole);
        const other = jsonCodec().bind(reflected('Everything'));
        expect(JSON.parse(String(other.encode(whole)))).toEqual(JSON.parse(String(text)));
        expect(other.decode(text)).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });

  test('an empty body is the message with all defaults', () => {
    expect(decode('')).toStrictEqual(Everything.create());
  });
});

describe('tolerant reading', () => {
  test('names in either form, numbers as strings and strings as numbers, enums by number, null as absent', () => {
    expect(
      read({
        an_int32: '7',
        anInt64: 5,
        aUint64: '1e3',
        aDouble: '1.5',
        color: 1,
        a_bytes: '-_8',
        maybe: null,
        strings: null,
        anInt32: 7.0,
        called: 'old name',
      }),
    ).toMatchObject({
      anInt32: 7,
      anInt64: 5n,
      aUint64: 1000n,
      aDouble: 1.5,
      color: 'GREEN',
      aBytes: Uint8Array.of(251, 255),
      strings: [],
      called: 'old name',
    });
    expect(read({ maybe: null })).not.toHaveProperty('maybe');
  });

  test('what is not known is left out, and never becomes a prototype', () => {
    expect(read({ nobody: { knows: 1 }, anInt32: 1 })).toStrictEqual(Everything.create({ anInt32: 1 }));
    const { byName } = Object(decode('{"byName":{"__proto__":1,"a":2}}'));
    expect(byName).toEqual({ a: 2 });
    expect(Object.getPrototypeOf(byName)).toBe(Object.prototype);
  });

  test('what Go writes with its plain JSON: snake_case, numbers, and a oneof as an object', () => {
    expect(read({ an_int64: 12, color: 1, Pick: { PickInner: { id: 'x' } } })).toStrictEqual(
      Everything.create({ anInt64: 12n, color: 'GREEN', pick: { case: 'pickInner', value: { id: 'x' } } }),
    );
    expect(known.decode('{"timestamp":{"seconds":5,"nanos":7},"duration":{"seconds":-1}}')).toMatchObject({
      timestamp: { seconds: 5n, nanos: 7 },
      duration: { seconds: -1n, nanos: 0 },
    });
  });

  test('64-bit integers beyond 2^53 are exact as numbers too, which Go writes with its plain JSON', () => {
    expect(decode('{"anInt64":9007199254740993}')).toStrictEqual(
      Everything.create({ anInt64: 9007199254740993n }),
    );
    expect(
      decode('{ "anInt64" : -9223372036854775808, "aString": "\\" 9007199254740993, \\\\" }'),
    ).toStrictEqual(Everything.create({ anInt64: -(2n ** 63n), aString: '" 9007199254740993, \\' }));
    expect(decode('{"aDouble":12345678901234567000,"aFloat":1234567890123456.5}')).toMatchObject({
      aDouble: 1.2345678901234567e19,
    });
    expect(refusal(() => decode('{"anInt64":9223372036854775808}'))).toContain('is no int64');
    // A value of any JSON keeps its numbers
    expect(known.decode('{"value":9007199254740993}')).toMatchObject({
      value: { kind: { case: 'numberValue' } },
    });
  });

  test('whatever the JSON is, nothing else in it changes', () => {
    const asText = (value: unknown): unknown => {
      if (typeof value === 'number') return /^-?\d{16,}$/.test(String(value)) ? String(value) : value;
      if (Array.isArray(value)) return value.map(asText);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asText(one)]));
    };
    const digits = fc.stringMatching(/^["\\ 0-9eE.+-]*$/);
    const leaf = fc.oneof(
      digits,
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(2 ** 60),
    );
    const tree = fc.array(fc.oneof(leaf, fc.dictionary(digits, leaf), fc.array(leaf)));
    fc.assert(
      fc.property(tree, fc.boolean(), (value, spaced) => {
        const text = JSON.stringify(value, undefined, spaced ? 1 : 0);
        expect(JSON.parse(quoteIntegers(text))).toEqual(asText(JSON.parse(text)));
      }),
    );
  });

  test('text that is no JSON stays so, and costs no more than its length', () => {
    for (const text of [
      '"12345678901234567',
      '1234567890123456 7"',
      '{1234567890123456 : 1}',
      '012345678901234567',
      `"${'\\"1234567890123456'.repeat(50_000)}`,
    ])
      expect(() => JSON.parse(quoteIntegers(text))).toThrow(SyntaxError);
  });
});

describe('refused, and where', () => {
  test.each<[string, object]>([
    ['demo.v1.Everything.anInt32: 1.5 is no int32', { anInt32: 1.5 }],
    ['anInt32: "1 " is no int32', { anInt32: '1 ' }],
    ['anInt32: 2147483648 is no int32', { anInt32: 2 ** 31 }],
    ['anInt64: "9223372036854775808" is no int64', { anInt64: '9223372036854775808' }],
    ['aUint32: -1 is no uint32', { aUint32: -1 }],
    ['aBool: "true" is no bool', { aBool: 'true' }],
    ['aString: 5 is no string', { aString: 5 }],
    ['aBytes: "a" is no base64', { aBytes: 'a' }],
    ['aBytes: "ä" is no base64', { aBytes: 'ä' }],
    ['aFloat: 1e+39 is no float', { aFloat: 1e39 }],
    ['aDouble: "nan" is no double', { aDouble: 'nan' }],
    ['color: "PINK" is no demo.v1.Color', { color: 'PINK' }],
    ['inner.next.nums.1: "x" is no int32', { inner: { next: { nums: [1, 'x'] } } }],
    ['inner: "x" is no demo.v1.Inner', { inner: 'x' }],
    ['strings: "x" is no list', { strings: 'x' }],
    ['byNumber.x: "x" is no int64', { byNumber: { x: {} } }],
    ['byName.a: "x" is no int32', { byName: { a: 'x' } }],
    ['pick: more than one', { pickText: 'a', pickNumber: 1 }],
  ])('%s', (reason, json) => {
    expect(refusal(() => read(json))).toContain(reason);
  });

  test('a list where the message should be, and nesting without end', () => {
    expect(refusal(() => decode('[]'))).toContain('a list is no demo.v1.Everything');
    const deep = `${'{"next":'.repeat(150)}{}${'}'.repeat(150)}`;
    expect(refusal(() => jsonCodec().bind(Inner).decode(deep))).toContain('nest deeper');
    expect(refusal(() => known.decode(`{"value":${'['.repeat(150)}${']'.repeat(150)}}`))).toContain(
      'nest deeper',
    );
  });
});

describe('well-known types', () => {
  const inner = Uint8Array.from(encodeMessage(Inner, { id: 'x' }));
  test.each<[string, WellKnownInit, object]>([
    ['a time', { timestamp: { seconds: 1n } }, { timestamp: '1970-01-01T00:00:01Z' }],
    [
      'a time with milliseconds',
      { timestamp: { nanos: 120_000_000 } },
      { timestamp: '1970-01-01T00:00:00.120Z' },
    ],
    [
      'a time with nanoseconds',
      { timestamp: { seconds: -1n, nanos: 1 } },
      { timestamp: '1969-12-31T23:59:59.000000001Z' },
    ],
    ['the first time', { timestamp: { seconds: -62_135_596_800n } }, { timestamp: '0001-01-01T00:00:00Z' }],
    [
      'the last time',
      { timestamp: { seconds: 253_402_300_799n, nanos: 999_999_999 } },
      { timestamp: '9999-12-31T23:59:59.999999999Z' },
    ],
    ['a duration', { duration: { seconds: 3n, nanos: 1000 } }, { duration: '3.000001s' }],
    ['a duration back', { duration: { nanos: -500_000_000 } }, { duration: '-0.500s' }],
    ['no duration', { duration: {} }, { duration: '0s' }],
    ['nothing', { empty: {} }, { empty: {} }],
    ['a mask', { mask: { paths: ['a.b_c', 'user_name'] } }, { mask: 'a.bC,userName' }],
    [
      'wrapped',
      {
        int64Value: { value: 5n },
        boolValue: {},
        stringValue: {},
        bytesValue: { value: inner },
        doubleValue: {},
        floatValue: { value: 0.5 },
      },
      {
        int64Value: '5',
        boolValue: false,
        stringValue: '',
        bytesValue: 'CgF4',
        doubleValue: 0,
        floatValue: 0.5,
      },
    ],
    [
      'any',
      { any: { typeUrl: 'type.googleapis.com/demo.v1.Inner', value: inner } },
      { any: { '@type': 'type.googleapis.com/demo.v1.Inner', id: 'x' } },
    ],
    [
      'any of a well-known type',
      { any: { typeUrl: 'type.googleapis.com/google.protobuf.Duration', value: Uint8Array.of(8, 1) } },
      { any: { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1s' } },
    ],
    ['no any', { any: {} }, { any: {} }],
  ])('%s', (_, message, json) => {
    const text = known.encode(message);
    expect(JSON.parse(String(text))).toEqual(json);
    expect(known.decode(text)).toStrictEqual(WellKnown.create(message));
  });

  test('structs, values and lists are the JSON that they hold', () => {
    const json = {
      struct: { a: null, b: 1.5, c: 'x', d: true, e: { f: {} }, g: [1, [null]] },
      value: { deep: [{}] },
      list: [1, 'a', null],
      values: [null, 1],
    };
    const message = known.decode(JSON.stringify(json));
    expect(message).toMatchObject({ value: { kind: { case: 'structValue' } } });
    expect(JSON.parse(String(known.encode(message)))).toEqual(json);
  });

  test('null is a value, where the value can be null', () => {
    expect(known.decode('{"value":null,"null":null,"values":[null]}')).toMatchObject({
      value: { kind: { case: 'nullValue', value: 'NULL_VALUE' } },
      null: 'NULL_VALUE',
      values: [{ kind: { case: 'nullValue' } }],
    });
    expect(known.decode('{"timestamp":null,"struct":null}')).toStrictEqual(WellKnown.create());
  });

  test('times with an offset are read', () => {
    expect(known.decode('{"timestamp":"1970-01-01T01:00:00.5+01:00"}')).toMatchObject({
      timestamp: { seconds: 0n, nanos: 500_000_000 },
    });
  });

  test.each<[string, string]>([
    ['no time of RFC 3339', '{"timestamp":"1970-01-01"}'],
    ['no time of RFC 3339', '{"timestamp":"1970-02-30T00:00:00Z"}'],
    ['no time of RFC 3339', '{"timestamp":5}'],
    ['years 1 to 9999', '{"timestamp":"0001-01-01T00:00:00+01:00"}'],
    ['no duration', '{"duration":"5"}'],
    ['no duration', '{"duration":"1.0000000001s"}'],
    ['no duration', '{"duration":"400000000000s"}'],
    ['not in lowerCamelCase', '{"mask":"a_b"}'],
    ['is not known here', '{"any":{"@type":"type.googleapis.com/no.Such"}}'],
    ['needs "@type"', '{"any":{"id":"x"}}'],
    ['no int64', '{"int64Value":"x"}'],
    ['no object', '{"struct":[]}'],
    ['no list', '{"list":{}}'],
  ])('%s: %s', (reason, text) => {
    expect(refusal(() => known.decode(text))).toContain(reason);
  });

  test.each<[string, WellKnownInit]>([
    ['years 1 to 9999', { timestamp: { seconds: 2n ** 50n } }],
    ['no duration', { duration: { seconds: 1n, nanos: -1 } }],
    ['holds nothing', { value: {} }],
    ['has no JSON', { value: { kind: { case: 'numberValue', value: Number.NaN } } }],
    ['lowerCamelCase', { mask: { paths: ['a__b'] } }],
    ['is not known here', { any: { typeUrl: 'x/y', value: inner } }],
  ])('not written: %s', (reason, message) => {
    expect(refusal(() => known.encode(message))).toContain(reason);
  });
});
