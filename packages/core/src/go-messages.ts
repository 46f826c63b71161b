import { now } from './clock.ts';
import { MicroError } from './errors.ts';
import type { Body } from './transport.ts';

// What go-micro's messages have in common, whatever carries them.

/** What go-micro says at the end of a stream, in the place of an error. */
export const eos = 'EOS';

/** Whether bodies are JSON values, which Go ends with a newline. */
export function isJson(contentType: string): boolean {
  return contentType.startsWith('application/json');
}

/** A body as it goes over the wire. Throws `too_large`. */
export function wireBody(body: Body, contentType: string, maxBytes: number = Number.POSITIVE_INFINITY): Body {
  const line = typeof body === 'string' && body !== '' && isJson(contentType);
  if (body.length + (line ? 1 : 0) <= maxBytes) return line ? `${body}\n` : body;
  throw new MicroError(
    'too_large',
    `a body of ${body.length} bytes, ${maxBytes} are the limit (maxBodyBytes)`,
  );
}

/** The body that core gets: text where the codec wants it, without the newline of `wireBody`. */
export function readBody(
  bytes: Uint8Array,
  from: number,
  to: number,
  text: boolean,
  contentType: string,
): Body {
  if (!text) return bytes.subarray(from, to);
  const end = to > from && bytes[to - 1] === 10 && isJson(contentType) ? to - 1 : to;
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('utf8', from, end);
}

/** What is left of a deadline as go-micro's `Timeout`, in nanoseconds; of one in the past the shortest there is. */
export function writeTimeout(deadline: number): string {
  return `${Math.max(1, Math.round((deadline - now()) * 1000))}000`;
}

/** Such a time in ms; 0, no deadline, for what is no number. */
export function readTimeout(text: string | undefined): number {
  return text !== undefined && /^[0-9]{1,19}$/.test(text) ? Math.max(1, Number(text)) / 1e6 : 0;
}
