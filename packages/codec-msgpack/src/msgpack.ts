import { type BoundCodec, type Codec, MicroError } from '@micro/core';
import { Packr } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';
import type { MsgpackCodecOptions } from './options.ts';
import { scan } from './scan.ts';
import { checkWritable } from './writable.ts';

// `skipValues` is missing in the library's types
const writing = { useRecords: false, encodeUndefinedAsNil: true, skipValues: [undefined] };

/**
 * MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md): bytes, bigints and dates inside a message
 * survive. Numbers are never written as 64-bit integers, and bigints always, so that each comes back as it was.
 * What it reads is walked through before anything is built. Keys that are `undefined` are left out, as in JSON.
 */
export function msgpackCodec(options: MsgpackCodecOptions = {}): Codec {
  const { maxDepth = 512, int64 = 'bigint' } = options;
  if (!Number.isSafeInteger(maxDepth) || maxDepth < 1)
    throw new MicroError('bad_request', `maxDepth must be a positive integer, not ${maxDepth}`);
  if (int64 !== 'bigint' && int64 !== 'auto')
    throw new MicroError('bad_request', `int64 must be "bigint" or "auto", not "${int64}"`);
  // Records and structures are the library's own dialect, and keep state between messages
  const writer = new Packr(writing);
  const reader = new Unpackr({ useRecords: false, mapsAsObjects: true });
  const bound: BoundCodec = {
    encode(message) {
      if (message instanceof Uint8Array) return message;
      if (message === undefined) return Uint8Array.of(0x80); // as JSON's {}
      checkWritable(message, maxDepth);
      return writer.pack(message);
    },
    decode(body) {
      if (body.length === 0) return undefined;
      if (typeof body === 'string') throw new MicroError('bad_request', 'MessagePack is bytes, not text');
      scan(body, maxDepth);
      // Not a Buffer, or the bytes inside the message would be Buffers
      const message: unknown = reader.unpack(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
      return int64 === 'auto' ? narrow(message) : message;
    },
  };
  return {
    name: 'msgpack',
    features: new Set(['bytes', 'int64']),
    contentTypes: ['application/msgpack'],
    text: false,
    bind: () => bound,
  };
}

const safe = BigInt(Number.MAX_SAFE_INTEGER);

/** Makes numbers of the bigints that are exact as such, in place: the message is ours. */
function narrow(value: unknown): unknown {
  if (typeof value === 'bigint') return value <= safe && value >= -safe ? Number(value) : value;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const [key, child] of Object.entries(value)) {
    if (typeof child === 'bigint' || typeof child === 'object') Reflect.set(value, key, narrow(child));
  }
  return value;
}
