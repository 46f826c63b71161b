import { describe, expect, test } from '@jest/globals';
import { isMicroError } from '@micro/core';
import { beginsGob } from '../src/gob-first.ts';
import { GobReader } from '../src/gob-reader.ts';
import { GobWriter } from '../src/gob-writer.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
/** Definitions of Message and map[string]string as Go's encoder writes them, with type ids 65 and 66. */
const struct = '2aff81030101074d65737361676501ff82000102010648656164657201ff84000104426f6479010a000000';
const map = '21ff83040101116d61705b737472696e675d737472696e6701ff8400010c010c0000';
const first = '15ff820101084d6963726f2d4964013101037b7d0a00';
const second = '10ff820101084d6963726f2d4964013200';
/** The same three with ids 64 and 65, as one text (wire.md TV19). */
const other =
  '297f030101074d65737361676501ff80000102010648656164657201ff82000104426f6479010a0000' +
  '0021ff81040101116d61705b737472696e675d737472696e6701ff8200010c010c0000' +
  '15ff800101084d6963726f2d4964013101037b7d0a00';

function read(chunks: Iterable<Buffer>, maxBodyBytes = 1000): { header: object; body: string }[] {
  const messages: { header: ReadonlyMap<string, string>; body: Buffer }[] = [];
  const reader = new GobReader(maxBodyBytes, (header, body) => messages.push({ header, body }));
  for (const chunk of chunks) reader.push(chunk);
  return messages.map(({ header, body }) => ({ header: Object.fromEntries(header), body: body.toString() }));
}
function* cut(all: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < all.length; at += size) yield Buffer.from(all.subarray(at, at + size));
}
/** A message: its length, and its bytes. */
const message = (hex: string): Buffer => Buffer.concat([Buffer.of(hex.length / 2), bytes(hex)]);
const defined = bytes(struct + map);

describe('gob, as go-micro writes its message', () => {
  const expected = [
    { header: { 'Micro-Id': '1' }, body: '{}\n' },
    { header: { 'Micro-Id': '2' }, body: '' },
  ];

  test.each([1, 2, 7, 40, 1000])('is read, whatever the numbers of the types, in chunks of %i', (size) => {
    expect(read(cut(bytes(struct + map + first + second), size))).toEqual(expected);
    expect(read(cut(bytes(`${other}10ff800101084d6963726f2d4964013200`), size))).toEqual(expected);
    expect(read(cut(bytes(map + struct + first), size))).toEqual(expected.slice(0, 1));
  });

  test('is told by its first byte from frames, TLS and HTTP', () => {
    expect(beginsGob(bytes(struct))).toBe(true);
    expect(beginsGob(bytes(other))).toBe(true);
    for (const byte of [0, 0x16, ...Buffer.from('GPHDOTC')]) expect(beginsGob(Buffer.of(byte))).toBe(false);
  });

  test('is written as Go writes it, the definitions once', () => {
    const writer = new GobWriter();
    const write = (id: string, body: string): string =>
      Buffer.concat(writer.message(['Micro-Id', id], Buffer.from(body))).toString('hex');
    expect(write('1', '{}\n')).toBe(other);
    expect(write('2', '')).toBe('10ff800101084d6963726f2d4964013200');
  });

  test('of any size is read as it was written', () => {
    for (const size of [0, 1, 127, 128, 255, 256, 70_000]) {
      const writer = new GobWriter();
      const header = ['Micro-Id', 'ü'.repeat(size % 300), '__proto__', 'evil'];
      const all = Buffer.concat([
        ...writer.message(header, Buffer.alloc(size, 'x')),
        ...writer.message(['a', ''], Buffer.alloc(0)),
      ]);
      const [one, two] = read(cut(all, 1000), 100_000);
      expect(one?.body).toHaveLength(size);
      expect(Object.entries(one?.header ?? {})).toEqual([
        ['Micro-Id', 'ü'.repeat(size % 300)],
        ['__proto__', 'evil'],
      ]);
      expect(two).toEqual({ header: { a: '' }, body: '' });
    }
  });

  test('a body that was told stays as it is, whatever comes behind it', () => {
    const bodies: Buffer[] = [];
    const reader = new GobReader(1000, (_, body) => bodies.push(body));
    for (const chunk of cut(bytes(struct + map + first.repeat(50)), 37)) reader.push(chunk);
    expect(bodies.map(String)).toEqual(Array.from({ length: 50 }, () => '{}\n'));
  });
});

/** What no client of go-micro sends. */
const hostile: readonly (readonly [string, Buffer, 'bad_request' | 'too_large'])[] = [
  ['a length of nothing', bytes('00'), 'bad_request'],
  ['a length of 2 GiB', bytes('fc7fffffff'), 'too_large'],
  ['a length of 2^64', bytes('f8ffffffffffffffff'), 'bad_request'],
  ['a length of nine bytes', bytes('f7ffffffffffffffffff'), 'bad_request'],
  ['a length over the limit of a body', bytes('fd100000'), 'too_large'],
  ['a value before its type', bytes(first), 'bad_request'],
  ['a value of a builtin type', Buffer.concat([defined, message('0c0003616263')]), 'bad_request'],
  ['a value whose map is not defined', bytes(struct + first), 'bad_request'],
  ['a map in the place of a message', bytes(`${map}05ff84000100`), 'bad_request'],
  ['a type twice', bytes(struct + struct), 'bad_request'],
  ['a slice type', message('ff8f02010105736c69636501ff90000106000000'.slice(0, 38)), 'bad_request'],
  [
    'a type that refers to itself',
    bytes(struct.replace('010648656164657201ff84', '010648656164657201ff82') + map + first),
    'bad_request',
  ],
  ['a type with another number inside', bytes(struct.replace('01ff8200', '01ff8600')), 'bad_request'],
  ['a Body that is no bytes', bytes(struct.replace('426f6479010a', '426f6479010c')), 'bad_request'],
  ['another field', bytes(struct.replace('426f6479', '426f647a')), 'bad_request'],
  [
    'a field twice',
    bytes(struct.replace('04426f6479010a', '0648656164657201ff84').replace(/^2a/, '2d')),
    'bad_request',
  ],
  ['a map of numbers', bytes(struct + map.replace('010c010c', '010c0104')), 'bad_request'],
  [
    'a million fields',
    bytes(struct.replace('000102010648', '0001fd0f4240').replace(/^2a/, '2a')),
    'bad_request',
  ],
  ['a definition that is cut', message('ff810301'), 'bad_request'],
  ['a long definition', Buffer.concat([bytes('fe0800ff81'), Buffer.alloc(2046, 1)]), 'bad_request'],
  ['a map of a million', Buffer.concat([defined, message('ff8201fd0f424000')]), 'too_large'],
  [
    'a map that says more than it has',
    Buffer.concat([defined, message('ff820102016101620163')]),
    'bad_request',
  ],
  [
    'a text that is longer than its message',
    Buffer.concat([defined, message('ff8201017f6101')]),
    'bad_request',
  ],
  [
    'a body that is longer than its message',
    Buffer.concat([defined, message('ff8202fe100061')]),
    'bad_request',
  ],
  ['a third field', Buffer.concat([defined, message('ff820300')]), 'bad_request'],
  ['a field far away', Buffer.concat([defined, message('ff82fc7fffffff00')]), 'bad_request'],
  ['bytes behind a message', Buffer.concat([defined, message('ff820000')]), 'bad_request'],
  ['a message without an end', Buffer.concat([defined, message('ff820201')]), 'bad_request'],
];

describe('gob that go-micro does not write', () => {
  test.each(hostile)('%s is refused, in any chunks', (_, all, code) => {
    for (const size of [1, 1000]) {
      let error: unknown;
      try {
        read(cut(all, size));
      } catch (thrown) {
        error = thrown;
      }
      expect(isMicroError(error, code)).toBe(true);
    }
  });

  test('a body over the limit is too large', () => {
    const all = Buffer.concat(new GobWriter().message([], Buffer.alloc(1001)));
    expect(() => read([all])).toThrow('1001 bytes, 1000 are the limit');
  });

  test('headers over their limit are too large', () => {
    const many = Array.from({ length: 514 }, (_, index) => String(index));
    expect(() => read([Buffer.concat(new GobWriter().message(many, Buffer.alloc(0)))])).toThrow(
      '257 headers',
    );
    const long = ['a', 'x'.repeat(40_000), 'b', 'x'.repeat(40_000)];
    expect(() => read([Buffer.concat(new GobWriter().message(long, Buffer.alloc(0)))], 100_000)).toThrow(
      'bytes of headers',
    );
  });

  test('200,000 messages with bytes changed are read or refused, and nothing else happens', () => {
    const good = bytes(struct + map + first + second);
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >>> 8) % below;
    };
    let refused = 0;
    for (let round = 0; round < 200_000; round++) {
      const all = Buffer.from(good);
      for (let changes = 1 + random(3); changes > 0; changes--) all[random(all.length)] = random(256);
      try {
        read([all.subarray(0, 1 + random(all.length))]);
      } catch (error) {
        refused++;
        if (!isMicroError(error)) throw error;
      }
    }
    expect(refused).toBeGreaterThan(50_000);
  });
});
