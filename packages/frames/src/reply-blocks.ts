import { type Body, type Delivered, type Metadata, type ReplyMetadata, report } from '@micro/core';
import { type Bytes, putU16 } from './bytes.ts';
import { blockEnd } from './call-head.ts';
import { METADATA, UNDELIVERED } from './layout.ts';
import { decodeMetadata, encodeMetadata } from './metadata.ts';
import type { Session } from './session.ts';

/** Blocks of metadata in front of an answer's body. Throws `bad_request` and `too_large`. */
export function encodeBlocks(...all: readonly (Metadata | undefined)[]): Uint8Array {
  const blocks = all.flatMap((metadata) => {
    const text = Buffer.from(encodeMetadata(metadata));
    const length = Buffer.alloc(2);
    putU16(length, 0, text.length);
    return [length, text];
  });
  return Buffer.concat(blocks);
}

/** Header and trailer, as they stand in front of a reply or an error. */
export function encodeReply({ header, trailer }: ReplyMetadata): Uint8Array {
  return encodeBlocks(header, trailer);
}

/** No blocks. */
export const nothing: Uint8Array = new Uint8Array(0);

/** What goes with an error, which counts for more: metadata that cannot be sent is reported, and left out. */
export function blocksOfError(encode: () => Uint8Array): Uint8Array {
  try {
    return encode();
  } catch (error) {
    report('plugin.warning', 'the metadata of an error cannot be sent', error);
    return nothing;
  }
}

/** Bytes with the body behind them. */
export function before(blocks: Uint8Array, body: Body): Uint8Array {
  return Buffer.concat([blocks, typeof body === 'string' ? Buffer.from(body) : body]);
}

/** What stands in front of an answer's body: of a reply or an error two blocks, of a stream's end one. */
export interface Said {
  readonly metadata: ReplyMetadata | undefined;
  /** Where the body begins. */
  readonly at: number;
}

/** Undefined: it does not fit the frame, and the connection is broken. */
export function readSaid(
  session: Session,
  kind: 'reply' | 'end',
  flags: number,
  bytes: Bytes,
  from: number,
  to: number,
): Said | undefined {
  if ((flags & METADATA) === 0) return { metadata: undefined, at: from };
  const first = blockEnd(bytes, from, to);
  const last = kind === 'end' || first < 0 ? first : blockEnd(bytes, first, to);
  if (last < 0) {
    session.broken('protocol', 'the metadata of an answer cannot be read');
    return undefined;
  }
  const header = kind === 'end' ? undefined : decodeMetadata(bytes.utf8Slice(from + 2, first));
  const trailer = decodeMetadata(bytes.utf8Slice((kind === 'end' ? from : first) + 2, last));
  return { metadata: { header, trailer }, at: last };
}

/** Whether a frame says that the handler has seen the request. */
export function deliveredBy(flags: number): Delivered {
  return (flags & UNDELIVERED) === 0 ? 'yes' : 'no';
}
