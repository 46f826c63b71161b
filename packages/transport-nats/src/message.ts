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
  if (metadata !== undefined) {
    for (const key in metadata) {
      const pair = `${JSON.stringify(key)}:${quoted(metadata[key] ?? '')}`;
      header += header === '' ? pair : `,${pair}`;
    }
  }
  // without a body Go says null, and an empty one is an empty text
  return `{"Header":{${header}},"Body":${body === undefined ? 'null' : `"${base64(body)}"`}}`;
}

/** Fields as part of a JSON object; the names need no escapes. */
export function encodeFields(fields: Fields, further: boolean): string {
  let text = '';
  for (let at = 0; at + 1 < fields.length; at += 2) {
    text += `${further || at > 0 ? ',' : ''}"${fields[at]}":${quoted(fields[at + 1] ?? '')}`;
  }
  return text;
}

const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

function base64(body: Body): string {
  if (typeof body === 'string') return Buffer.from(body).toString('base64');
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64');
}

/** A session as part of a subject. */
const tokenForm = /^[\w-]{1,64}$/;

/** Several messages between services of ours in one of NATS: each behind its session. */
export function encodeBatch(sessions: readonly string[], messages: readonly string[]): string {
  let text = '';
  for (let at = 0; at < messages.length; at++)
    text += `${at > 0 ? ',' : ''}"${sessions[at]}",${messages[at]}`;
  return `[${text}]`;
}

/**
 * Reads one message, of the session, or a batch, whose sessions are told by `named`. Throws `bad_request` for what is
 * not their shape.
 */
export function decodeMessages(
  session: string,
  data: Uint8Array,
  named: (token: string) => string,
): readonly Received[] {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new MicroError('bad_request', 'a message that is not JSON', { cause });
  }
  if (!Array.isArray(json)) return [readMessage(session, json)];
  const messages: Received[] = [];
  for (let at = 0; at + 1 < json.length; at += 2) {
    const token: unknown = json[at];
    if (typeof token !== 'string' || !tokenForm.test(token))
      throw new MicroError('bad_request', 'a batch with a message of no session');
    messages.push(readMessage(named(token), json[at + 1]));
  }
  return messages;
}

function readMessage(session: string, json: unknown): Received {
  if (!isObject(json) || !isHeader(json.Header))
    throw new MicroError('bad_request', 'a message without a header of texts');
  const { Header: header, Body: body } = json;
  if (typeof body !== 'string' && body !== null && body !== undefined)
    throw new MicroError('bad_request', 'a message whose body is no text');
  return new NatsMessage(session, header, body ?? '');
}

class NatsMessage implements Received {
  readonly session: string;
  readonly header: Header;
  private readonly body: string;

  constructor(session: string, header: Header, body: string) {
    this.session = session;
    this.header = header;
    this.body = body;
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

function isHeader(value: unknown): value is Header {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  // JSON makes own keys alone
  for (const key in value) if (typeof Reflect.get(value, key) !== 'string') return false;
  return true;
}
