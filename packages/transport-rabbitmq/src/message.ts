import { frameMax } from '@micro/amqp';
import { type Body, type Metadata, MicroError } from '@micro/core';
import type { Fields, Header, Received } from '@micro/sessions';

export type Headers = Record<string, string>;

/** Room for the other properties of a message. */
const otherProperties = 2048;
const maxKey = 255;

/** The library's decoder would take it for the prototype; names are read without regard to case. */
const unsafe = '__proto__';
const spelled = '__PROTO__';

/** go-micro's message is an AMQP message: its header the table of headers. Throws `bad_request` and `too_large`. */
export function headersOf(head: Fields, fields: Fields, metadata: Metadata | undefined): Headers {
  const headers: Headers = Object.create(null);
  let size = 0;
  const add = (key: string, value: string): void => {
    headers[key === unsafe ? spelled : key] = value;
    size += key.length + value.length + 6;
  };
  for (let at = 0; at + 1 < head.length; at += 2) add(head[at] ?? '', head[at + 1] ?? '');
  for (let at = 0; at + 1 < fields.length; at += 2) add(fields[at] ?? '', fields[at + 1] ?? '');
  for (const key in metadata) {
    if (Buffer.byteLength(key) > maxKey)
      throw new MicroError(
        'bad_request',
        `metadata key "${key.slice(0, 50)}..." is longer than ${maxKey} bytes`,
      );
    add(key, metadata[key] ?? '');
  }
  if (size * 3 > frameMax - otherProperties) checkSize(headers);
  return headers;
}

function checkSize(headers: Headers): void {
  let size = 0;
  for (const key of Object.keys(headers))
    size += Buffer.byteLength(key) + Buffer.byteLength(headers[key] ?? '') + 6;
  const limit = frameMax - otherProperties;
  if (size > limit)
    throw new MicroError(
      'too_large',
      `${size} bytes of metadata; a message of AMQP takes ${limit} (frame_max)`,
    );
}

export function contentOf(body: Body | undefined, limit: number): Buffer {
  const bytes =
    typeof body === 'string'
      ? Buffer.from(body)
      : Buffer.from(body?.buffer ?? new ArrayBuffer(0), body?.byteOffset, body?.byteLength);
  if (bytes.length <= limit) return bytes;
  throw new MicroError('too_large', `a body of ${bytes.length} bytes, ${limit} are the limit (maxBodyBytes)`);
}

/** Values that are no texts are left out, as Go does. */
function headerOf(headers: unknown): Header {
  const header = new Map<string, string>();
  if (typeof headers !== 'object' || headers === null) return header;
  for (const [key, value] of Object.entries(headers)) if (typeof value === 'string') header.set(key, value);
  return header;
}

export function received(
  session: string,
  key: string | undefined,
  headers: unknown,
  content: Buffer,
  limit: number,
): Received {
  return {
    session,
    key,
    header: headerOf(headers),
    bytes() {
      if (content.length <= limit) return content;
      throw new MicroError(
        'too_large',
        `a body of ${content.length} bytes, ${limit} are the limit (maxBodyBytes)`,
      );
    },
  };
}
