import { type Message, type Metadata, MicroError } from '@micro/core';

/**
 * go-micro's JSON envelope, `{"Header":{…},"Body":"<base64>"}`. Names are spelled as Go's subscribers look them up:
 * every word with a capital, and the id both as `Micro-Id` (go-micro up to v4.9) and as `Micro-ID`.
 */
export function encodeEnvelope(topic: string, { header, body }: Message): Buffer {
  const spelled: Record<string, string> = Object.create(null);
  for (const name of Object.keys(header)) spelled[capitalized(name)] = String(header[name]);
  const id = header['micro-id'];
  if (id !== undefined) spelled['Micro-ID'] = id;
  spelled['Micro-Topic'] = topic;
  const base64 = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64');
  return Buffer.from(JSON.stringify({ Header: spelled, Body: base64 }));
}

const capitalized = (name: string): string => name.replace(/(?<=^|-)[a-z]/g, (char) => char.toUpperCase());

/** Reads one; names become lower-case. Throws `bad_request`. */
export function decodeEnvelope(bytes: Buffer): Message {
  let envelope: unknown;
  try {
    envelope = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new MicroError('bad_request', 'the message is not JSON', { cause: error });
  }
  if (!isRecord(envelope))
    throw new MicroError('bad_request', 'the message is not an object with Header and Body');
  return Object.freeze({ header: headerOf(envelope.Header), body: bodyOf(envelope.Body) });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function headerOf(value: unknown): Metadata {
  const header: Record<string, string> = Object.create(null);
  if (value === null || value === undefined) return header; // an empty map of Go
  if (!isRecord(value)) throw new MicroError('bad_request', 'the Header of the message is not an object');
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
    // Buffer skips what is no base64: only text that it would have written itself is taken
    if (bytes.toString('base64') === value) return bytes;
  }
  throw new MicroError('bad_request', 'the Body of the message is not base64');
}
