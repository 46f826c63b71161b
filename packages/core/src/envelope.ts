import type { Message } from './broker.ts';
import { MicroError } from './errors.ts';
import type { Metadata } from './metadata.ts';
import { isObject } from './record-json.ts';

/**
 * go-micro's JSON envelope, `{"Header":{…},"Body":"<base64>"}`.
 */
export function encodeEnvelope(topic: string, { header, body }: Message): Buffer {
  const base64 = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64');
  return Buffer.from(JSON.stringify({ Header: spellHeader(topic, header), Body: base64 }));
}

/**
 * The header as Go's subscribers look its names up: every word with a capital, the id both as `Micro-Id` (go-micro up
 * to v4.9) and as `Micro-ID`, and the topic it is sent to.
 */
export function spellHeader(topic: string, header: Metadata): Readonly<Record<string, string>> {
  const spelled: Record<string, string> = Object.create(null);
  for (const name of Object.keys(header)) spelled[capitalized(name)] = String(header[name]);
  const id = header['micro-id'];
  if (id !== undefined) spelled['Micro-ID'] = id;
  spelled['Micro-Topic'] = topic;
  return spelled;
}

/** Names come again with every message; a bounded number of them is kept, for they may come from anywhere. */
const spellings = new Map<string, string>();
const mostSpellings = 1_000;

function capitalized(name: string): string {
  let spelling = spellings.get(name);
  if (spelling !== undefined) return spelling;
  spelling = name.replace(/(?<=^|-)[a-z]/g, (char) => char.toUpperCase());
  if (spellings.size < mostSpellings) spellings.set(name, spelling);
  return spelling;
}

/** Reads one; names become lower-case. Throws `bad_request`. */
export function decodeEnvelope(bytes: Uint8Array): Message {
  let envelope: unknown;
  try {
    envelope = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new MicroError('bad_request', 'the message is not JSON', { cause: error });
  }
  if (!isObject(envelope))
    throw new MicroError('bad_request', 'the message is not an object with Header and Body');
  return Object.freeze({ header: headerOf(envelope.Header), body: bodyOf(envelope.Body) });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function headerOf(value: unknown): Metadata {
  const header: Record<string, string> = Object.create(null);
  if (value === null || value === undefined) return header; // an empty map of Go
  if (!isObject(value)) throw new MicroError('bad_request', 'the Header of the message is not an object');
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string')
      throw new MicroError('bad_request', 'the Header of the message holds something other than text');
    header[name.toLowerCase()] = text;
  }
  return Object.freeze(header);
}

function bodyOf(value: unknown): Uint8Array {
  if (value === null || value === undefined) return new Uint8Array(0); // no bytes, as Go writes them
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'base64');
    // Buffer skips what is no base64: then there are fewer bytes than the text promises
    const padding = value.endsWith('==') ? 2 : value.endsWith('=') ? 1 : 0;
    if (value.length % 4 === 0 && bytes.byteLength === (value.length / 4) * 3 - padding) return bytes;
  }
  throw new MicroError('bad_request', 'the Body of the message is not base64');
}
