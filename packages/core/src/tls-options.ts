import type { ConnectionOptions, SecureContextOptions, TlsOptions as ServerOptions } from 'node:tls';
import type { TlsOptions } from './tls.ts';

/** The plugins' one TLS option as `node:tls` wants it for a server. */
export function tlsServerOptions(tls: TlsOptions, handshakeTimeout: number): ServerOptions {
  const requestCert = tls.requestClientCert ?? false;
  return {
    ...contextOf(tls),
    handshakeTimeout,
    requestCert,
    rejectUnauthorized: requestCert && tls.rejectUnauthorized !== false,
  };
}

/** The same for a client: it verifies unless that is switched off by name. */
export function tlsClientOptions(tls: TlsOptions): ConnectionOptions {
  return {
    ...contextOf(tls),
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
  };
}

type Pem = string | Uint8Array;
const pem = (value: Pem): string | Buffer => (typeof value === 'string' ? value : Buffer.from(value));

function contextOf({ ca, cert, key, passphrase }: TlsOptions): SecureContextOptions {
  return {
    ...(ca !== undefined && {
      ca: typeof ca === 'string' || ca instanceof Uint8Array ? pem(ca) : ca.map(pem),
    }),
    ...(cert !== undefined && { cert: pem(cert) }),
    ...(key !== undefined && { key: pem(key) }),
    ...(passphrase !== undefined && { passphrase }),
  };
}
