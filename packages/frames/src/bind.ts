import type { Server } from 'node:net';
import { type ListenOptions, MicroError } from '@micro/core';
import { formatAddress, parseAddress, type SocketAddress } from '@micro/core/plugin';

/** Binds the address; its text with the real port. Rejects with `unavailable` when it is taken. */
export async function bind(server: Server, options: ListenOptions): Promise<string> {
  const { signal } = options;
  const address = parseAddress(options.address ?? ':0');
  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error): void => reject(cannotListen(address, cause));
    const abort = (): void => {
      server.close();
      reject(
        new MicroError('canceled', `listening on ${address.text} was aborted`, { cause: signal?.reason }),
      );
    };
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    server.once('error', refuse);
    server.listen(
      address.path === undefined ? { host: address.host, port: address.port } : { path: address.path },
      () => {
        signal?.removeEventListener('abort', abort);
        server.off('error', refuse);
        resolve();
      },
    );
  });
  const bound = server.address();
  return typeof bound === 'object' && bound !== null
    ? formatAddress(bound.address, bound.port)
    : address.text;
}

function cannotListen(address: SocketAddress, cause: Error & { readonly code?: string }): MicroError {
  const what =
    cause.code === 'EADDRINUSE'
      ? address.path === undefined
        ? `port ${address.port} is taken: stop who listens there, choose another, or port 0 for any free one`
        : 'the path exists: remove it if no process listens there'
      : cause.message;
  return new MicroError('unavailable', `cannot listen on ${address.text}: ${what}`, { cause });
}
