import fc from 'fast-check';
import type { EverythingInit } from './gen/demo/v1/everything.micro.ts';

const int32 = fc.integer();
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const color = fc.constantFrom<'RED' | 'GREEN' | 'BLUE' | number>('RED', 'GREEN', 'BLUE', 7, -2);
const text = fc.string({ unit: 'grapheme' });
const { inner } = fc.letrec<{ inner: { id?: string; nums?: number[]; next?: object } }>((tie) => ({
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
