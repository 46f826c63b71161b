import type { ConnectionOptions, SecureContextOptions, TlsOptions as ServerOptions } from 'node:tls';
import type { TlsOptions } from '@micro/core';

type Pem = string | Uint8Array;
const pem = (value: Pem): string | Buffer => (typeof value === 'string' ? value : Buffer.from(value));

function contextOf(tls: TlsOptions): SecureContextOptions {
  const { ca, cert, key, passphrase } = tls;
  return {
    ...(ca !== undefined && {
      ca: typeof ca === 'string' || ca instanceof Uint8Array ? pem(ca) : ca.map(pem),
    }),
    ...(cert !== undefined && { cert: pem(cert) }),
    ...(key !== undefined && { key: pem(key) }),
    ...(passphrase !== undefined && { passphrase }),
  };
}

export function tlsServerOptions(tls: TlsOptions, handshakeTimeout: number): ServerOptions {
  const requestCert = tls.requestClientCert ?? false;
  return {
    ...contextOf(tls),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout,
    requestCert,
    rejectUnauthorized: requestCert && tls.rejectUnauthorized !== false,
  };
}

export function tlsClientOptions(tls: TlsOptions): ConnectionOptions {
  return {
    ...contextOf(tls),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
  };
}
