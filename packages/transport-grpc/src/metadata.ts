import type { IncomingHttpHeaders } from 'node:http2';
import { type Metadata, MicroError } from '@micro/core';

/** gRPC's names (grpc/grpc: doc/PROTOCOL-HTTP2.md). */
const legalKey = /^[0-9a-z_.-]+$/;
/** Nothing to encode, and no blank at either end. */
const plain = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const control = /[\x00-\x1f\x7f]/;
const base64 = /^[0-9A-Za-z+/]*={0,2}$/;
const highBytes = /[\x80-\xff]/;

const owned: ReadonlySet<string> = new Set(
  (
    'te host user-agent content-type content-length content-encoding accept-encoding connection keep-alive ' +
    'proxy-connection transfer-encoding upgrade http2-settings timeout x-content-type micro-delivered'
  ).split(' '),
);

/** Whether a header belongs to HTTP, gRPC or go-micro, so that it cannot carry metadata. */
export function isOwned(key: string): boolean {
  return key.startsWith('grpc-') || owned.has(key);
}

/** The largest metadata that is sent, in characters: peers refuse headers of more than 64 KiB. */
const maxMetadata = 49_152;

/**
 * Metadata as headers, values in UTF-8, one character for each byte; of a key that ends in `-bin` the value is base64.
 * Throws `bad_request` and names the key that cannot be sent.
 */
export function writeMetadata(metadata: Metadata, into: Record<string, string>): void {
  let size = 0;
  for (const name of Object.keys(metadata)) {
    const key = name.toLowerCase();
    const value = metadata[name] ?? '';
    if (!legalKey.test(key))
      throw new MicroError(
        'bad_request',
        `metadata key "${name}" cannot be a name in gRPC: only 0-9 a-z _ . -`,
      );
    if (isOwned(key))
      throw new MicroError(
        'bad_request',
        `metadata key "${name}" is a header that the gRPC transport sets itself`,
      );
    size += key.length + value.length;
    if (size > maxMetadata)
      throw new MicroError('bad_request', `metadata of more than ${maxMetadata} characters cannot be sent`);
    into[key] = headerValue(key, value);
  }
}

function headerValue(key: string, value: string): string {
  if (key.endsWith('-bin')) {
    if (base64.test(value)) return value;
    throw new MicroError('bad_request', `metadata "${key}" must be base64, as its name ends in -bin`);
  }
  if (plain.test(value)) return value;
  if (control.test(value))
    throw new MicroError('bad_request', `metadata "${key}" has a control character, which gRPC cannot carry`);
  if (value.startsWith(' ') || value.endsWith(' '))
    throw new MicroError('bad_request', `metadata "${key}" begins or ends with a blank, which HTTP drops`);
  return Buffer.from(value).toString('latin1');
}

/** A header's value as text. */
export function headerText(value: string): string {
  return highBytes.test(value) ? Buffer.from(value, 'latin1').toString() : value;
}

/** Reads what `writeMetadata` wrote. Values of a key that came more than once are joined by ", ", as go-micro does. */
export function readMetadata(headers: IncomingHttpHeaders): Metadata {
  const found: Record<string, string> = Object.create(null);
  for (const key of Object.keys(headers)) {
    if (key.startsWith(':') || isOwned(key)) continue;
    const value = headers[key];
    if (value !== undefined) found[key] = headerText(typeof value === 'string' ? value : value.join(', '));
  }
  return found;
}
