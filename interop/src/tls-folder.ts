import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from '@micro/conformance';
import type { PluginOptions, TlsOptions } from '@micro/core';
import type {} from '@micro/transport-grpc';
import type {} from '@micro/transport-http';
import type { Stack } from './stacks.ts';

/** One authority, and a certificate that it has made for 127.0.0.1: as files for Go's peers, as options for ours. */
export interface TlsFolder {
  /** With the files `ca`, `cert` and `key`. */
  readonly folder: string;
  transport(stack: Stack): NonNullable<PluginOptions['transport']>;
  remove(): Promise<void>;
}

/** Throws where there is no openssl. */
export async function makeTlsFolder(): Promise<TlsFolder> {
  const { authority, server } = makeCertificates();
  const tls: TlsOptions = { ca: authority.cert, ...server, requestClientCert: true };
  const folder = await mkdtemp(join(tmpdir(), 'micro-interop-tls-'));
  const files = { ca: authority.cert, cert: server.cert, key: server.key };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return {
    folder,
    transport: ({ transport }) => (transport === 'grpc' ? { grpc: { tls } } : { http: { tls } }),
    remove: () => rm(folder, { recursive: true }),
  };
}
