import type { IncomingMessage } from 'node:http';
import { MicroError } from '@micro/core';

/** The whole body. Rejects with `too_large`, and with `canceled` when the peer leaves. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = (): void => {
      request.pause();
      reject(new MicroError('too_large', `the message is larger than ${maxBytes} bytes`));
    };
    if (Number(request.headers['content-length']) > maxBytes) {
      tooLarge();
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > maxBytes) tooLarge();
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks, size)));
    const left = (): void =>
      reject(new MicroError('canceled', 'the publisher left before its message was here'));
    request.on('error', left);
    request.on('close', left);
    if (request.destroyed) left();
  });
}
