import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** PEM texts. */
interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** For tests over TLS; valid for two days. */
export interface Certificates {
  readonly authority: Pair;
  /** For 127.0.0.1, by the authority. */
  readonly server: Pair;
  readonly caller: Pair;
  /** By nobody. */
  readonly stranger: Pair;
}

/** Whether certificates can be made here. */
export const hasOpenssl: boolean = has('openssl');

function has(command: string): boolean {
  try {
    execFileSync(command, ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // not installed: the suites say so
  }
}

/** Makes them with openssl; throws where that is not installed. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'micro-'));
  try {
    const authority = certificate(folder, 'authority');
    const server = certificate(folder, 'server', 'authority');
    const caller = certificate(folder, 'caller', 'authority');
    return { authority, server, caller, stranger: certificate(folder, 'stranger') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The server's side of the certificates as files, for servers that read those. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** Deletes them. */
  remove(): void;
}

export function certificateFiles({ server, authority }: Certificates): CertificateFiles {
  const folder = mkdtempSync(join(tmpdir(), 'micro-'));
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  return {
    certFile: write('server.cert', server.cert),
    keyFile: write('server.key', server.key),
    caFile: write('ca', authority.cert),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** A certificate of that name; without an issuer it is its own. */
function certificate(folder: string, name: string, issuer?: string): Pair {
  const file = (end: string, of = name): string => join(folder, `${of}.${end}`);
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore' });
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file('key'));
  const subject = ['-new', '-key', file('key'), '-subj', `/O=micro/CN=${name}`];
  if (issuer === undefined) openssl('req', '-x509', ...subject, '-days', '2', '-out', file('cert'));
  else {
    writeFileSync(file('ext'), 'subjectAltName=IP:127.0.0.1');
    openssl('req', ...subject, '-out', file('csr'));
    const signer = ['-CA', file('cert', issuer), '-CAkey', file('key', issuer), '-CAcreateserial'];
    const result = ['-days', '2', '-extfile', file('ext'), '-out', file('cert')];
    openssl('x509', '-req', '-in', file('csr'), ...signer, ...result);
  }
  return { cert: readFileSync(file('cert'), 'utf8'), key: readFileSync(file('key'), 'utf8') };
}
