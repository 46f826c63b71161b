import { type Metadata, MicroError, noMetadata } from '@micro/core';
import { maxBlock } from './layout.ts';

let lastMetadata: Metadata = noMetadata;
let lastText = '';

/** Keys and values, a NUL behind each: one text, that who passes it on need not read. Throws `bad_request`, `too_large`. */
export function encodeMetadata(metadata: Metadata | undefined): string {
  if (metadata === undefined || metadata === noMetadata) return '';
  // many calls of one handler carry the same object
  if (metadata === lastMetadata) return lastText;
  let text = '';
  for (const key in metadata) {
    const value = metadata[key] ?? '';
    if (key.includes('\0') || value.includes('\0')) {
      throw new MicroError('bad_request', `metadata "${key}" has a NUL, which ends a text on the wire`);
    }
    text += `${key}\0${value}\0`;
  }
  if (text.length * 3 > maxBlock && Buffer.byteLength(text) > maxBlock) {
    throw new MicroError(
      'too_large',
      `${Buffer.byteLength(text)} bytes of metadata, ${maxBlock} are the limit`,
    );
  }
  if (Object.isFrozen(metadata)) {
    lastMetadata = metadata;
    lastText = text;
  }
  return text;
}

/** Reads what `encodeMetadata` wrote, and of anything else as much as can be read. */
export function decodeMetadata(text: string): Metadata {
  if (text === '') return noMetadata;
  const found: Record<string, string> = Object.create(null);
  const parts = text.split('\0');
  for (let at = 0; at + 1 < parts.length; at += 2) found[parts[at] ?? ''] = parts[at + 1] ?? '';
  return found;
}
