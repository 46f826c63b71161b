import { createPrivateKey } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { TlsOptions } from '@micro/core';

interface Credentials {
  readonly rootCertificate: Buffer;
  readonly privateKey?: Buffer;
  readonly certChain?: Buffer;
}

/** The plugins' one TLS option as the client library wants it. */
export function credentialsOf({ ca = rootCertificates, cert, key, passphrase }: TlsOptions): Credentials {
  const roots = typeof ca === 'string' || ca instanceof Uint8Array ? [ca] : ca;
  const lines = roots.flatMap((one) => [Buffer.from(one), Buffer.from('\n')]);
  return {
    rootCertificate: Buffer.concat(lines),
    ...(key !== undefined && { privateKey: plainKey(Buffer.from(key), passphrase) }),
    ...(cert !== undefined && { certChain: Buffer.from(cert) }),
  };
}

/** gRPC knows no passphrases. */
function plainKey(key: Buffer, passphrase: string | undefined): Buffer {
  if (passphrase === undefined) return key;
  return Buffer.from(createPrivateKey({ key, passphrase }).export({ type: 'pkcs8', format: 'pem' }));
}
