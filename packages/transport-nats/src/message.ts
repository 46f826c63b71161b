import { type Body, type Metadata, MicroError } from '@micro/core';
import { isObject } from '@micro/core/plugin';
import type { Fields, Header, Received } from '@micro/sessions';

/** go-micro's message in JSON: `{"Header":{...},"Body":"<base64>"}` (go-micro v5: transport/nats). */
export function encodeMessage(
  head: string,
  fields: Fields,
  metadata: Metadata | undefined,
  body: Body | undefined,
): string {
  let header = head + encodeFields(fields, head !== '');
  for (const key in metadata) {
    const pair = `${encodeText(key)}:${encodeText(metadata[key] ?? '')}`;
    header += header === '' ? pair : `,${pair}`;
  }
  // without a body Go says null, and an empty one is an empty text
  return `{"Header":{${header}},"Body":${body === undefined ? 'null' : `"${base64(body)}"`}}`;
}

/** Fields as part of a JSON object; the names need no escapes. */
export function encodeFields(fields: Fields, further: boolean): string {
  let text = '';
  for (let at = 0; at + 1 < fields.length; at += 2) {
    text += `${further || at > 0 ? ',' : ''}"${fields[at]}":${encodeText(fields[at + 1] ?? '')}`;
  }
  return text;
}

const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A text in JSON. */
export function encodeText(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

function base64(body: Body): string {
  if (typeof body === 'string') return Buffer.from(body).toString('base64');
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64');
}

/** Reads a message of the session. Throws `bad_request` for what is not its shape. */
export function decodeMessage(session: string, data: Uint8Array): Received {
  return readMessage(
    session,
    parseJson(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()),
  );
}

/** Throws `bad_request`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MicroError('bad_request', 'a message that is not JSON', { cause });
  }
}

function readMessage(session: string, json: unknown): Received {
  if (!isObject(json) || !areTexts(json.Header))
    throw new MicroError('bad_request', 'a message without a header of texts');
  const { Header: fields, Body: body } = json;
  if (typeof body !== 'string' && body !== null && body !== undefined)
    throw new MicroError('bad_request', 'a message whose body is no text');
  return new NatsMessage(session, fields, body ?? '');
}

class NatsMessage implements Received, Header {
  readonly session: string;
  private readonly fields: Texts;
  private readonly body: string;

  constructor(session: string, fields: Texts, body: string) {
    this.session = session;
    this.fields = fields;
    this.body = body;
  }

  get header(): Header {
    return this;
  }

  get(name: string): string | undefined {
    return Object.hasOwn(this.fields, name) ? this.fields[name] : undefined;
  }

  keys(): Iterable<string> {
    return Object.keys(this.fields);
  }

  bytes(): Uint8Array {
    const { body } = this;
    const bytes = Buffer.from(body, 'base64');
    // Buffer skips what is no base64: then there are fewer bytes than the text promises
    const padding = body.endsWith('==') ? 2 : body.endsWith('=') ? 1 : 0;
    if (body.length % 4 === 0 && bytes.length === (body.length / 4) * 3 - padding) return bytes;
    throw new MicroError('bad_request', 'a message whose body is not base64');
  }
}

/** Texts by name, as JSON has them: own keys alone. */
export type Texts = Readonly<Record<string, string>>;

export function areTexts(value: unknown): value is Texts {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const key in value) if (typeof Reflect.get(value, key) !== 'string') return false;
  return true;
}
