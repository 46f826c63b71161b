import type { AddressInfo, Server } from 'node:net';
import { MicroError } from '@micro/core';
import { abortable, checkSignal, type SocketAddress } from '@micro/core/plugin';

/** Binds a server; undefined for a Unix socket. Rejects with `unavailable` when the address is taken, or `canceled`. */
export async function bind(
  server: Server,
  address: SocketAddress,
  signal: AbortSignal | undefined,
): Promise<AddressInfo | undefined> {
  const { host, port, path } = address;
  checkSignal(signal);
  const listening = new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error): void => reject(cannotListen(address, cause));
    server.once('error', refuse);
    server.listen(path === undefined ? { host, port } : { path }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
  try {
    await abortable(listening, signal);
  } catch (error) {
    server.close(); // also what begins to listen after the signal
    throw error;
  }
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound : undefined;
}

function cannotListen(address: SocketAddress, cause: Error & { readonly code?: string }): MicroError {
  const taken = address.path === undefined ? 'the port is taken' : 'the path exists';
  const what = cause.code === 'EADDRINUSE' ? taken : cause.message;
  return new MicroError('unavailable', `cannot listen on ${address.text}: ${what}`, { cause });
}
