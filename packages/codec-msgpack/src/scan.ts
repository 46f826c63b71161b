import { isUtf8 } from 'node:buffer';
import { MicroError } from '@micro/core';

/** Bytes of length that follow the first byte of str, bin, ext, array and map, by that byte (MessagePack spec, formats). */
const lengthSize = Uint8Array.of(1, 2, 4); // 8, 16, 32
/** What a value without a length takes, its first byte excluded, from 0xca on: floats, uints, ints. */
const fixedSize = Uint8Array.of(4, 8, 1, 2, 4, 8, 1, 2, 4, 8);
const timestamp = 0xff; // type -1
const proto = Buffer.from('__proto__');

/**
 * Walks a message without building anything, in one pass over its bytes, and throws `bad_request` for all that the
 * library behind would take too kindly: lengths that lie, nesting past `maxDepth`, extension types other than
 * timestamp, text that is not UTF-8, map keys that are not text or are `__proto__`, and bytes after the end.
 */
export function scan(bytes: Uint8Array, maxDepth: number): void {
  const end = bytes.length;
  /** Values still to come on each level; a map's keys and values count apart. */
  const left: number[] = [];
  /** Whether the level is a map. */
  const maps: boolean[] = [];
  let depth = 0;
  let remaining = 1;
  let inMap = false;
  let at = 0;
  for (;;) {
    while (remaining === 0) {
      if (depth === 0) {
        if (at !== end) throw refuse(at, `${end - at} bytes after the end of the message`);
        return;
      }
      depth--;
      remaining = left[depth] ?? 0;
      inMap = maps[depth] ?? false;
    }
    if (at >= end) throw refuse(at, 'the message is cut off');
    const isKey = inMap && (remaining & 1) === 0;
    remaining--;
    const first = bytes[at++] ?? 0;
    let length: number;
    if (first < 0x80 || first >= 0xe0 || (first >= 0xc0 && first <= 0xc3)) {
      if (first === 0xc1) throw refuse(at - 1, 'byte 0xc1 is never used');
      length = 0;
    } else if (first >= 0xa0 && first < 0xc0) length = checkText(bytes, at, first & 0x1f);
    else if (first >= 0xca && first <= 0xd3) length = fixedSize[first - 0xca] ?? 0;
    else if (first >= 0xd4 && first <= 0xd8) length = checkExtension(bytes, at, 1 << (first - 0xd4)) + 1;
    else if (first < 0xa0 || first >= 0xdc) {
      let count = first & 0x0f;
      let isMap = first < 0x90;
      if (first >= 0xdc) {
        const size = lengthSize[1 + (first & 1)] ?? 0;
        count = readLength(bytes, at, size);
        at += size;
        isMap = first >= 0xde;
      }
      const values = isMap ? 2 * count : count;
      // Each takes a byte at least, so nobody can make us allocate more than was sent
      if (values > end - at) throw refuse(at, `${count} entries are announced and ${end - at} bytes left`);
      if (isKey) throw refuse(at, 'a map key must be text');
      if (depth >= maxDepth) throw refuse(at, `it nests deeper than ${maxDepth} levels`);
      left[depth] = remaining;
      maps[depth] = inMap;
      depth++;
      remaining = values;
      inMap = isMap;
      continue;
    } else {
      const kind = first >= 0xd9 ? first - 0xd9 : (first - 0xc4) % 3;
      const size = lengthSize[kind] ?? 0;
      length = readLength(bytes, at, size);
      at += size;
      if (first >= 0xd9) checkText(bytes, at, length);
      else if (first >= 0xc7) length = checkExtension(bytes, at, length) + 1;
    }
    if (isKey) {
      if (!(first >= 0xd9 && first <= 0xdb) && !(first >= 0xa0 && first < 0xc0))
        throw refuse(at, 'a map key must be text');
      if (length === proto.length && proto.equals(bytes.subarray(at, at + length)))
        throw refuse(at, 'a map key is __proto__');
    }
    at += length;
    if (at > end)
      throw refuse(end, `a value of ${length} bytes is announced and ${end - at + length} bytes left`);
  }
}

function readLength(bytes: Uint8Array, at: number, size: number): number {
  if (at + size > bytes.length) throw refuse(at, 'the message is cut off');
  let length = 0;
  for (let byte = 0; byte < size; byte++) length = length * 256 + (bytes[at + byte] ?? 0);
  return length;
}

function checkText(bytes: Uint8Array, at: number, length: number): number {
  const end = at + length;
  if (end > bytes.length)
    throw refuse(at, `a text of ${length} bytes is announced and ${bytes.length - at} bytes left`);
  let byte = at;
  // A short text is seen to be ASCII sooner than a call into the runtime is made
  const near = length < 64 ? end : at;
  while (byte < near && (bytes[byte] ?? 0) < 0x80) byte++;
  if (byte < end && !isUtf8(bytes.subarray(at, end))) throw refuse(at, 'a text is not UTF-8');
  return length;
}

/** Timestamps come in three sizes (MessagePack spec, timestamp extension type); other types are private to a library. */
function checkExtension(bytes: Uint8Array, at: number, length: number): number {
  const type = bytes[at];
  if (type === timestamp && (length === 4 || length === 8 || length === 12)) return length;
  const signed = type === undefined ? 'none' : (type << 24) >> 24;
  throw refuse(at, `extension type ${signed} of ${length} bytes is not spoken`);
}

function refuse(at: number, reason: string): MicroError {
  return new MicroError('bad_request', `invalid MessagePack: ${reason}, at byte ${at}`);
}
