import { type Metadata, MicroError, type ReplyMetadata } from '@micro/core';
import { type Head, trimmed } from './head.ts';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Nothing to encode, and no blank at either end. */
const plain = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const control = /[\x00-\x08\x0a-\x1f\x7f]/;
const highBytes = /[\x80-\xff]/;

const owned = new Set(
  'timeout host user-agent connection keep-alive proxy-connection transfer-encoding te trailer upgrade expect'.split(
    ' ',
  ),
);
/** Whether a header belongs to HTTP or to go-micro's protocol, so that it cannot carry metadata. */
function isOwned(name: string): boolean {
  if (name.startsWith('micro-')) return name !== 'micro-from-service';
  return (
    owned.has(name) || name.startsWith('content-') || name.startsWith('accept') || name.startsWith('x-micro-')
  );
}

/** A bounded memory of keys that can be sent. */
const names = new Map<string, string>();
function nameOf(key: string): string {
  const known = names.get(key);
  if (known !== undefined) return known;
  const name = key.toLowerCase();
  if (!token.test(name))
    throw new MicroError('bad_request', `metadata key "${key}" cannot be the name of an HTTP header`);
  if (isOwned(name))
    throw new MicroError(
      'bad_request',
      `metadata key "${key}" is a header that the HTTP transport sets itself`,
    );
  if (names.size < 512 && key.length <= 64) names.set(key, name);
  return name;
}

/** Text as the bytes of a header's value, one character each: UTF-8, as Go writes. Throws `bad_request`. */
export function headerValue(what: string, text: string): string {
  if (plain.test(text)) return text;
  if (/^[\t ]|[\t ]$/.test(text))
    throw new MicroError('bad_request', `${what} begins or ends with a blank, which HTTP drops`);
  if (control.test(text))
    throw new MicroError('bad_request', `${what} has a control character, which HTTP cannot carry`);
  if (/\p{Cs}/u.test(text))
    throw new MicroError(
      'bad_request',
      `${what} has half a character (a lone surrogate), which UTF-8 has none of`,
    );
  return Buffer.from(text).toString('latin1');
}

/** Reads what `headerValue` wrote. */
export function headerText(value: string): string {
  return highBytes.test(value) ? Buffer.from(value, 'latin1').toString() : value;
}

/** Header lines. Throws `bad_request` and names the key that cannot be sent. */
export function writeMetadata(metadata: Metadata | undefined): string {
  let lines = '';
  for (const key in metadata) {
    const name = nameOf(key);
    lines += `${name}: ${headerValue(`metadata "${key}"`, metadata[key] ?? '')}\r\n`;
  }
  return lines;
}

/** What a trailer's names begin with: it stands in the head, as in Connect's unary calls (connectrpc.com/docs/protocol). */
const trailing = 'trailer-';

/** Half of what a head may be is left to metadata: the peer's limits are like ours. */
export interface HeadRoom {
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

/** Header lines of an answer. Throws `bad_request` and names the key that cannot be sent, and `too_large`. */
export function writeReplyMetadata({ header, trailer }: ReplyMetadata, room: HeadRoom): string {
  let keys = 0;
  for (const key in header) {
    keys++;
    if (key.toLowerCase().startsWith(trailing))
      throw new MicroError('bad_request', `metadata key "${key}" begins as those of a trailer do`);
  }
  let lines = writeMetadata(header);
  for (const key in trailer) {
    keys++;
    lines += trailing + writeMetadata({ [key]: trailer[key] ?? '' });
  }
  const [maxBytes, maxKeys] = [room.maxHeaderBytes / 2, room.maxHeaders / 2];
  if (lines.length <= maxBytes && keys <= maxKeys) return lines;
  throw new MicroError(
    'too_large',
    `${lines.length} bytes of metadata with ${keys} keys, ${maxBytes} and ${maxKeys} are the limit (maxHeaderBytes / 2, maxHeaders / 2)`,
  );
}

/** Reads the metadata of an answer; undefined: it has none. A Go server sends the request's headers back: those are none. */
export function readReplyMetadata(head: Head): ReplyMetadata | undefined {
  if (!head.more || head.accept !== '') return undefined;
  const header: Record<string, string> = Object.create(null);
  const trailer: Record<string, string> = Object.create(null);
  const all = readMetadata(head.text);
  for (const name in all) {
    if (name.startsWith(trailing)) trailer[name.slice(trailing.length)] = all[name] ?? '';
    else header[name] = all[name] ?? '';
  }
  return { header, trailer };
}

/** Reads the metadata out of a head that was parsed before. */
export function readMetadata(head: string): Metadata {
  const found: Record<string, string> = Object.create(null);
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (isOwned(name) || name in found) continue;
    found[name] = headerText(trimmed(line, colon + 1, line.length));
  }
  return found;
}
