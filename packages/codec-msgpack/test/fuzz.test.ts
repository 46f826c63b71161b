import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { isMicroError } from '@micro/core';
import { Decoder, Encoder } from '@msgpack/msgpack';
import fc from 'fast-check';
import { msgpackCodec } from '../src/index.ts';

const { encode, decode } = msgpackCodec().bind(undefined);
// Another implementation, in the same dialect
const other = {
  encode: new Encoder({ useBigInt64: true, maxDepth: 600 }),
  decode: new Decoder({ useBigInt64: true }),
};

const text = fc.string({ unit: 'binary', maxLength: 40 });
const { message } = fc.letrec((tie) => ({
  message: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(null, true, false, '', 0),
    fc.integer(),
    // The library's 0 is unsigned
    fc.double().map((value) => (value === 0 ? 0 : value)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    text,
    fc.string({ minLength: 200, maxLength: 400 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('message'), { maxLength: 20 }),
    fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      tie('message'),
      { maxKeys: 20, noNullPrototype: true },
    ),
  ),
}));

/** A value, or a refusal: never another error. */
function survives(bytes: Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch (error) {
    if (isMicroError(error, 'bad_request')) return undefined;
    throw error;
  }
}

test('any message survives, and another implementation reads and writes the same', () => {
  fc.assert(
    fc.property(fc.record({ message }, { noNullPrototype: true }), (value) => {
      const body = Buffer.from(encode(value));
      expect(decode(body)).toStrictEqual(value);
      expect(other.decode.decode(Uint8Array.from(body))).toStrictEqual(value);
      expect(decode(other.encode.encode(value))).toStrictEqual(value);
    }),
    { numRuns: 500 },
  );
});

test('a message with bytes cut, changed, doubled or put in between is read or refused, nothing else', () => {
  fc.assert(
    fc.property(message, fc.infiniteStream(fc.nat()), (value, numbers) => {
      const whole = Uint8Array.from(Buffer.from(encode(value)));
      for (let round = 0; round < 10; round++) {
        const [at = 0, byte = 0, way = 0] = [...numbers.take(3)];
        const place = at % (whole.length + 1);
        const broken = {
          0: [...whole.subarray(0, place)],
          1: [...whole.subarray(0, place), byte, ...whole.subarray(place + 1)],
          2: [...whole.subarray(0, place), ...whole.subarray(place / 2)],
          3: [...whole.subarray(0, place), byte, ...whole.subarray(place)],
        }[way % 4];
        survives(Uint8Array.from(broken ?? []));
      }
    }),
    { numRuns: 500 },
  );
});

test('random bytes are read or refused, and what is read could have been written', () => {
  for (let round = 0; round < 20_000; round++) {
    const bytes = randomBytes(1 + (round % 64));
    const value = survives(bytes);
    if (value !== undefined) expect(decode(encode([value]))).toEqual([value]);
  }
});
