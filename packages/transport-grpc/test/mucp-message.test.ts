import { describe, expect, test } from '@jest/globals';
import { isMicroError } from '@micro/core';
import { readMucp, writeHeaders, writeMucp } from '../src/mucp-message.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
/** As Go's protobuf writes it (wire.md TV20). */
const vector = '0a0d0a084d6963726f2d496412013112037b7d0a';

function write(fields: readonly string[], body: string | undefined, most = 1 << 23): Buffer {
  return writeMucp([writeHeaders(fields)], body, most);
}
function read(from: Uint8Array): { readonly header: object; readonly body: string } {
  const { header, body } = readMucp(from);
  return { header: Object.fromEntries(header), body: Buffer.from(body).toString() };
}

describe("go-micro's message in its gRPC transport", () => {
  test('is written as Go writes it', () => {
    expect(write(['Micro-Id', '1'], '{}\n').toString('hex')).toBe(vector);
    expect(write([], '')).toHaveLength(0);
  });

  test('is read, and what is left out is empty', () => {
    expect(read(bytes(vector))).toEqual({ header: { 'Micro-Id': '1' }, body: '{}\n' });
    expect(read(bytes(''))).toEqual({ header: {}, body: '' });
    expect(read(bytes('0a030a0161'))).toEqual({ header: { a: '' }, body: '' });
    expect(read(bytes('0a00'))).toEqual({ header: { '': '' }, body: '' });
  });

  test('of any size is read as it was written, names of prototypes and text outside ASCII too', () => {
    for (const size of [0, 1, 127, 128, 16_384, 70_000]) {
      const { header, body } = readMucp(
        write(['Micro-Id', 'ü'.repeat(size % 300), '__proto__', 'evil', 'a', ''], 'x'.repeat(size)),
      );
      expect([...header]).toEqual([
        ['Micro-Id', 'ü'.repeat(size % 300)],
        ['__proto__', 'evil'],
        ['a', ''],
      ]);
      expect(body).toHaveLength(size);
    }
  });

  test('over the limit is not written', () => {
    expect(() => write(['a', 'b'], 'x'.repeat(100), 100)).toThrow(/maxMessageBytes/);
    expect(write([], 'x'.repeat(98), 100)).toHaveLength(100);
  });
});

const entries = (count: number, hex: string): string => hex.repeat(count);

/** What no peer of go-micro sends. */
const hostile: readonly (readonly [string, string, 'bad_request' | 'too_large'])[] = [
  ['a field that is cut', '0a', 'bad_request'],
  ['a length of more than there is', '12ff01aa', 'bad_request'],
  ['a length of 2^63', '12ffffffffffffffff7f', 'bad_request'],
  ['a length of eleven bytes', '12ffffffffffffffffffffff01', 'bad_request'],
  ['a header that is a number', '0801', 'bad_request'],
  ['a body that is a number', '1001', 'bad_request'],
  ['another field', '1a0161', 'bad_request'],
  ['a field with the number 0', '020161', 'bad_request'],
  ['a group', '0b0c', 'bad_request'],
  ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex'), 'bad_request'],
  ['a header whose name is cut', '0a020a05', 'bad_request'],
  ['a header whose name is a number', '0a020801', 'bad_request'],
  ['a header with a third field', '0a031a0161', 'bad_request'],
  ['a header of many names', '0a090a01610a01620a0163', 'bad_request'],
  ['a name that is no UTF-8', '0a030a01ff', 'bad_request'],
  ['a value that is no UTF-8', '0a031201ff', 'bad_request'],
  ['258 headers', entries(258, '0a00'), 'bad_request'],
  ['a million fields', entries(1_000_000, '1200'), 'bad_request'],
  ['64 KiB of headers, and one byte', `0a84800412808004${entries(65_536, '61')}`, 'too_large'],
];

describe('what is no such message', () => {
  test.each(hostile)('%s is refused', (_, hex, code) => {
    let thrown: unknown;
    try {
      readMucp(bytes(hex));
    } catch (error) {
      thrown = error;
    }
    expect(isMicroError(thrown) && thrown.code).toBe(code);
  });

  test('any bytes are read, or refused with an error of ours', () => {
    let seed = 1;
    const random = (most: number): number => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed % most;
    };
    for (let round = 0; round < 5_000; round++) {
      const changed = bytes(vector + vector);
      for (let change = 0; change <= round % 4; change++) changed[random(changed.length)] = random(256);
      try {
        readMucp(changed.subarray(0, 1 + random(changed.length)));
      } catch (error) {
        expect(isMicroError(error) && error.code).toBe('bad_request');
      }
    }
  });
});
