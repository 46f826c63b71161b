import fc from 'fast-check';
import type { ValueInit } from '../src/google.ts';
import { encodeMessage } from '../src/index.ts';
import {
  type EverythingInit,
  Inner,
  type InnerInit,
  type WellKnownInit,
} from './gen/demo/v1/everything.micro.ts';

const int32 = fc.integer();
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const color = fc.constantFrom<'RED' | 'GREEN' | 'BLUE' | number>('RED', 'GREEN', 'BLUE', 7, -2);
const text = fc.string({ unit: 'grapheme' });
const { inner } = fc.letrec<{ inner: InnerInit }>((tie) => ({
  inner: fc.record(
    { id: text, nums: fc.array(int32), next: tie('inner') },
    { requiredKeys: [], noNullPrototype: true },
  ),
}));
const optional = { requiredKeys: [], noNullPrototype: true };
/** Any message of Everything, with any of its fields. */
export const everything: fc.Arbitrary<EverythingInit> = fc.record(
  {
    aDouble: fc.double(),
    aFloat: fc.float(),
    anInt32: int32,
    anInt64: int64,
    aUint32: fc.nat(),
    aUint64: uint64,
    aSint32: int32,
    aSint64: int64,
    aFixed64: uint64,
    aSfixed64: int64,
    aBool: fc.boolean(),
    aString: text,
    aBytes: fc.uint8Array(),
    color,
    inner,
    maybe: int32,
    maybeText: text,
    doubles: fc.array(fc.double()),
    int64s: fc.array(int64),
    strings: fc.array(text),
    inners: fc.array(inner, { maxLength: 3 }),
    colors: fc.array(color),
    loose: fc.array(int32),
    sints: fc.array(int32),
    byName: fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      int32,
      { noNullPrototype: true },
    ),
    byBool: fc.constant({ true: 'GREEN' as const }),
    pick: fc.oneof(
      fc.record({ case: fc.constant('pickText' as const), value: text }, { noNullPrototype: true }),
      fc.record({ case: fc.constant('pickNumber' as const), value: int64 }, { noNullPrototype: true }),
      fc.record({ case: fc.constant('pickInner' as const), value: inner }, { noNullPrototype: true }),
    ),
  },
  optional,
);

const timestamp = fc.record(
  { seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }), nanos: fc.nat(999_999_999) },
  optional,
);
const duration = fc
  .record({
    seconds: fc.bigInt({ min: 0n, max: 315_576_000_000n }),
    nanos: fc.nat(999_999_999),
    back: fc.boolean(),
  })
  .map(({ seconds, nanos, back }) =>
    back ? { seconds: -seconds, nanos: nanos === 0 ? 0 : -nanos } : { seconds, nanos },
  );
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0));
const key = text.filter((one) => one !== '__proto__');
const { value } = fc.letrec<{ value: ValueInit }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant({ kind: { case: 'nullValue' as const, value: 'NULL_VALUE' as const } }),
    finite.map((number) => ({ kind: { case: 'numberValue' as const, value: number } })),
    text.map((string) => ({ kind: { case: 'stringValue' as const, value: string } })),
    fc.boolean().map((bool) => ({ kind: { case: 'boolValue' as const, value: bool } })),
    fc
      .dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true })
      .map((fields) => ({ kind: { case: 'structValue' as const, value: { fields } } })),
    fc
      .array(tie('value'), { maxLength: 3 })
      .map((values) => ({ kind: { case: 'listValue' as const, value: { values } } })),
  ),
}));
const mask = fc.array(fc.stringMatching(/^[a-z]{1,5}(?:_[a-z]{1,5}){0,2}(?:\.[a-z]{1,5})?$/), {
  maxLength: 3,
});

/** Any message of WellKnown whose JSON there is. */
export const wellKnown: fc.Arbitrary<WellKnownInit> = fc.record(
  {
    any: inner.map((message) => ({
      typeUrl: 'type.googleapis.com/demo.v1.Inner',
      value: Uint8Array.from(encodeMessage(Inner, message)),
    })),
    duration,
    empty: fc.constant({}),
    mask: mask.map((paths) => ({ paths })),
    struct: fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true }).map((fields) => ({ fields })),
    value,
    list: fc.array(value, { maxLength: 3 }).map((values) => ({ values })),
    timestamp,
    doubleValue: fc.record({ value: fc.double({ noNaN: true }) }, optional),
    int64Value: fc.record({ value: int64 }, optional),
    boolValue: fc.record({ value: fc.boolean() }, optional),
    stringValue: fc.record({ value: text }, optional),
    bytesValue: fc.record({ value: fc.uint8Array() }, optional),
    timestamps: fc.array(timestamp, { maxLength: 3 }),
    values: fc.array(value, { maxLength: 3 }),
  },
  optional,
);
