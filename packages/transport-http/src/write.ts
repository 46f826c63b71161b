import type { Socket } from 'node:net';
import type { Body, Delivered, MicroError } from '@micro/core';
import { encodeError } from '@micro/core/plugin';

const maxErrorText = 8192;
const highBytes = /[\x80-\xff]/;

/** Lines of a reply that is an error; the message is cut where it would not fit a peer's limit of headers. */
export function errorLines(error: MicroError, delivered: Delivered): string {
  const text = encodeError(error, maxErrorText);
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
