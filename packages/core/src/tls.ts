/**
 * The one TLS option of every plugin. Certificates and keys are PEM text or bytes, as in `node:tls`.
 * Peers are verified unless `rejectUnauthorized` is switched off by name.
 */
export interface TlsOptions {
  /** Authorities to trust. Default: those that Node ships. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Our certificate: a server needs one, a client for mutual TLS. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  readonly passphrase?: string;
  /** The name that the server's certificate must carry. Default: the host of the address. */
  readonly serverName?: string;
  /** Servers only: refuse clients without a certificate that `ca` signed. @default false */
  readonly requestClientCert?: boolean;
  /** `false` accepts any certificate: never outside a test. @default true */
  readonly rejectUnauthorized?: boolean;
}
