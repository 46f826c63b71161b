import { connect as connectPlain, type Socket } from 'node:net';
import type { TlsOptions } from '@micro/core';
import { type SocketAddress, tlsClientOptions } from '@micro/core/plugin';
import { tlsModule } from './tls-module.ts';

/** Begins to connect; `ready` is called once bytes can be sent. `protocols`: for TLS (ALPN), the best first. */
export function connectSocket(
  address: SocketAddress,
  tls: TlsOptions | undefined,
  protocols: readonly string[],
  ready: () => void,
): Socket {
  const options = {
    ...(address.path === undefined
      ? { host: address.host ?? 'localhost', port: address.port }
      : { path: address.path }),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  };
  return tls === undefined
    ? connectPlain(options, ready)
    : tlsModule().connect({ ...options, ...tlsClientOptions(tls), ALPNProtocols: [...protocols] }, ready);
}

/** What happened to a connection, in words, and what to do where that is known. */
export function explain(error: (Error & { readonly code?: string }) | undefined, tls: boolean): string {
  const code = error?.code ?? '';
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return 'the peer does not speak TLS: leave the option tls out, or give it to the server too';
  }
  if (error !== undefined) return error.message;
  return tls ? 'the connection was closed' : 'the connection was closed (a server that wants TLS does that)';
}
