import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Bytes } from '../src/bytes.ts';
import { decodeGreeting, encodeGreeting } from '../src/greeting.ts';
import { MESSAGE } from '../src/layout.ts';
import { limitsOf } from '../src/limits.ts';
import { decodeMetadata, encodeMetadata } from '../src/metadata.ts';
import { FrameReader } from '../src/reader.ts';
import { FrameWriter } from '../src/writer.ts';
import { memorySocket } from './memory-socket.ts';
import { frame, type } from './raw.ts';

interface Seen {
  readonly type: number;
  readonly id: number;
  readonly text: string;
}

/** What a reader makes of the bytes, cut in pieces of those sizes in turn. */
function read(bytes: Buffer, sizes: readonly number[]): { seen: Seen[]; broken: string | undefined } {
  const seen: Seen[] = [];
  let broken: string | undefined;
  const reader: FrameReader = new FrameReader({
    frame: (type, flags, id, bytes, from, to) => {
      seen.push({ type, id, text: reader.string(flags, bytes, from, to) });
    },
    broken: (_reason, what) => {
      broken = what;
    },
  });
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    reader.push(Buffer.from(bytes.subarray(at, at + size)) as Bytes);
    at += size;
  }
  return { seen, broken };
}

async function write(texts: readonly string[]): Promise<Buffer> {
  const socket = memorySocket();
  const chunks: Buffer[] = [];
  socket.write = ((chunk: Uint8Array) => chunks.push(Buffer.from(chunk))) as never;
  const writer = new FrameWriter(socket, 64);
  for (const [index, text] of texts.entries()) {
    const bytes = writer.put(MESSAGE, 0, index, text);
    expect(bytes).toBe(Buffer.byteLength(text));
  }
  await new Promise((resolve) => process.nextTick(resolve));
  return Buffer.concat(chunks);
}

const texts = fc.array(
  fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.string({ unit: 'grapheme', minLength: 900, maxLength: 1200 }),
    fc.nat(40_000).map((length) => 'x'.repeat(length)),
    fc.nat(33_000).map((length) => `${'x'.repeat(length)}日本`),
    fc.nat(33_000).map((length) => '🚀'.repeat(length / 2)),
  ),
  { maxLength: 12 },
);

describe('frames', () => {
  test('what was written is read again, whatever the texts are and however the bytes are cut', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(texts, sizes, async (texts, sizes) => {
        const { seen, broken } = read(await write(texts), sizes);
        expect(broken).toBeUndefined();
        expect(seen.map(({ text }) => text)).toEqual(texts);
        expect(seen.map(({ id }) => id)).toEqual(texts.map((_, index) => index));
      }),
      { numRuns: 60 },
    );
  });

  test('bytes one by one are frames too', () => {
    const bytes = Buffer.concat([
      frame(type.ping, 1),
      frame(type.message, 0x80000003, 'größe'),
      frame(type.pong),
    ]);
    const { seen } = read(bytes, [1]);
    expect(seen).toEqual([
      { type: type.ping, id: 1, text: '' },
      { type: type.message, id: 0x80000003 | 0, text: 'größe' },
      { type: type.pong, id: 0, text: '' },
    ]);
  });

  test('metadata come as they went', async () => {
    await fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), {
          noNullPrototype: false,
        }),
        (metadata) => {
          if (Object.entries(metadata).flat().join('').includes('\0')) return;
          expect(Object.entries(decodeMetadata(encodeMetadata(metadata)))).toEqual(Object.entries(metadata));
        },
      ),
    );
  });

  test('metadata that cannot be sent are refused', () => {
    expect(() => encodeMetadata({ a: 'b\0c' })).toThrow(/NUL/);
    expect(() => encodeMetadata({ a: 'x'.repeat(65_533) })).toThrow(/65535/);
    expect(encodeMetadata({ a: 'x'.repeat(65_532) })).toHaveLength(65_535);
  });

  test('a greeting says limits and service; unknown keys are passed over, half a setting is none', () => {
    const limits = limitsOf({ maxCalls: 77 });
    const bytes = Buffer.from(encodeGreeting(limits, 'größe'));
    expect(decodeGreeting(bytes, 0, bytes.length)).toMatchObject({ maxCalls: 77, service: 'größe' });
    const more = Buffer.concat([Buffer.of(200, 0, 2, 1, 2), bytes]);
    expect(decodeGreeting(more, 0, more.length)).toMatchObject({ maxCalls: 77, service: 'größe' });
    for (const end of [1, 2, 5, bytes.length - 1]) expect(decodeGreeting(bytes, 0, end)).toBeUndefined();
    expect(decodeGreeting(bytes, 0, 0)).toMatchObject({ maxCalls: 1, maxStreams: 0, maxTargets: 0 });
  });

  test.each([
    [{ maxCalls: 0 }, /maxCalls/],
    [{ maxTargets: 65_536 }, /maxTargets/],
    [{ windowBytes: 1.5 }, /windowBytes/],
    [{ pingIntervalMs: -1 }, /pingIntervalMs/],
  ])('%j makes no sense as an option', (options, message) => {
    expect(() => limitsOf(options)).toThrow(message);
  });
});
