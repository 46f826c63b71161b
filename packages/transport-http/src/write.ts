import type { Socket } from 'node:net';
import { type Body, type Delivered, MicroError } from '@micro/core';
import { encodeError } from '@micro/core/plugin';

/** What go-micro says at the end of a stream, in the place of an error. */
export const eos = 'EOS';
const maxErrorText = 8192;
const highBytes = /[\x80-\xff]/;

/** Whether bodies are JSON values, which Go ends with a newline. */
export function isJson(contentType: string): boolean {
  return contentType.startsWith('application/json');
}

/** A body as it goes over the wire. Throws `too_large`. */
export function wireBody(body: Body, contentType: string, maxBytes: number): Body {
  const line = typeof body === 'string' && body !== '' && isJson(contentType);
  if (body.length + (line ? 1 : 0) <= maxBytes) return line ? `${body}\n` : body;
  throw new MicroError(
    'too_large',
    `a body of ${body.length} bytes, ${maxBytes} are the limit (maxBodyBytes)`,
  );
}

/** The body that core gets: text where the codec wants it, without the newline of `wireBody`. */
export function readBody(buffer: Buffer, from: number, to: number, text: boolean, contentType: string): Body {
  if (!text) return buffer.subarray(from, to);
  const end = to > from && buffer[to - 1] === 10 && isJson(contentType) ? to - 1 : to;
  return buffer.toString('utf8', from, end);
}

/** Lines of a reply that is an error; the message is cut where it would not fit a peer's limit of headers. */
export function errorLines(error: MicroError, delivered: Delivered): string {
  let text = encodeError(error);
  if (text.length > maxErrorText) {
    const short = `${error.message.slice(0, maxErrorText / 8)}...`;
    text = encodeError(
      new MicroError(error.code, short, { id: error.id.slice(0, 256), status: error.status }),
    );
  }
  return `${errorHeaders(text)}${delivered === 'no' ? 'Micro-Delivered: no\r\n' : ''}`;
}

export function errorHeaders(text: string): string {
  return `Micro-Error: ${text}\r\nX-Micro-Error: ${text}\r\n`;
}

/** One message in one write. False: wait for `drain`. */
export function writeMessage(socket: Socket, lines: string, body: Body): boolean {
  const size = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const head = `${lines}Content-Length: ${size}\r\n\r\n`;
  if (typeof body === 'string') {
    if (size === body.length) return socket.write(head + body, 'latin1');
    if (!highBytes.test(head)) return socket.write(head + body, 'utf8');
  }
  socket.cork();
  socket.write(head, 'latin1');
  const room = typeof body === 'string' ? socket.write(body, 'utf8') : socket.write(body);
  socket.uncork();
  return room;
}
