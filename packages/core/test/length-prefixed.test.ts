import { describe, expect, test } from '@jest/globals';
import { lengthPrefixed } from '../src/plugin.ts';

function prefixed(text: string): Buffer {
  const bytes = Buffer.alloc(4 + Buffer.byteLength(text));
  bytes.writeInt32BE(bytes.length - 4);
  bytes.write(text, 4);
  return bytes;
}
const texts = ['', 'one', 'x'.repeat(1_000), 'two', ''];
const all = Buffer.concat(texts.map(prefixed));

describe('messages behind their lengths', () => {
  test.each([1, 2, 3, 5, 7, 64, 999, all.length])('are whole, when %d bytes come at once', (size) => {
    const messages = lengthPrefixed(0, 1_000);
    const taken: Uint8Array[] = [];
    for (let at = 0; at < all.length; at += size) taken.push(...messages.take(all.subarray(at, at + size)));
    expect(taken.map((message) => Buffer.from(message).subarray(4).toString())).toEqual(texts);
    expect(Buffer.concat(taken)).toEqual(all);
  });

  test('that are shorter or longer than they may be are refused before they have come', () => {
    expect(() => lengthPrefixed(4, 1_000).take(prefixed('one'))).toThrow(
      'a message of 3 bytes, not 4 to 1000',
    );
    expect(() => lengthPrefixed(0, 1_000).take(Buffer.of(0, 0, 3, 0xe9))).toThrow('a message of 1001 bytes');
    expect(() => lengthPrefixed(0, 1_000).take(Buffer.alloc(4, 0xff))).toThrow('a message of -1 bytes');
  });

  test('are not given before the last byte is there', () => {
    const messages = lengthPrefixed(0, 10);
    expect(messages.take(prefixed('one').subarray(0, 6))).toEqual([]);
    expect(messages.take(Buffer.from('e'))).toHaveLength(1);
    expect(messages.take(Buffer.alloc(0))).toEqual([]);
  });
});
