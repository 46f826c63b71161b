import { describe, expect, test } from '@jest/globals';
import { jsonCodec } from '@micro/core';
import { decodeMessage, encodeMessage, protobufCodec } from '../src/index.ts';
import { Text64, type Text64Init } from './gen/text64.micro.ts';

const least = '-9223372036854775808';
const most = '18446744073709551615';
const full: Text64Init = {
  a: least,
  b: most,
  c: least,
  d: most,
  e: least,
  many: ['0', '-1', '9223372036854775807'],
  byNumber: { [least]: most, 0: '0' },
  maybe: '0',
  choice: { case: 'one', value: '0' },
};

describe('64-bit integers as text, in generated code', () => {
  test('are read as they were written, in protobuf and in JSON, and defaults are "0"', () => {
    expect(decodeMessage(Text64, encodeMessage(Text64, full))).toEqual(full);
    const json = jsonCodec().bind(Text64);
    expect(json.decode(json.encode(full))).toEqual(full);
    const nothing = { a: '0', b: '0', c: '0', d: '0', e: '0', many: [], byNumber: {} };
    expect(decodeMessage(Text64, new Uint8Array(0))).toEqual(nothing);
    expect(encodeMessage(Text64, nothing)).toHaveLength(0);
  });

  test('have the bytes of the encoding guide', () => {
    const bytes = encodeMessage(Text64, { a: least, b: most });
    expect(Buffer.from(bytes).toString('hex')).toBe('0880808080808080808001' + '10ffffffffffffffffff01');
  });

  test.each<[string, object]>([
    ['a: "x" is no int64', { a: 'x' }],
    ['a: "" is no int64', { a: '' }],
    ['a: " 5" is no int64', { a: ' 5' }],
    ['a: "0x10" is no int64', { a: '0x10' }],
    ['a: "1.5" is no int64', { a: '1.5' }],
    ['a: 5 is no int64', { a: 5 }],
    ['a: true is no int64', { a: true }],
    ['a: "9223372036854775808" is no int64', { a: '9223372036854775808' }],
    ['b: "-1" is no uint64', { b: '-1' }],
    ['many.1: "x" is no int64', { many: ['1', 'x'] }],
    ['byNumber.1: "x" is no uint64', { byNumber: { 1: 'x' } }],
    ['byNumber.x: "x" is no integer', { byNumber: { x: '1' } }],
    ['choice.one: "x" is no uint64', { choice: { case: 'one', value: 'x' } }],
  ])('%s', (reason, message) => {
    expect(() => protobufCodec().bind(Text64).encode(message)).toThrow(reason);
  });
});
