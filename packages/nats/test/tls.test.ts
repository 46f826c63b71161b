import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type CertificateFiles,
  type Certificates,
  certificateFiles,
  hasOpenssl,
  makeCertificates,
  rejects,
} from '@micro/conformance';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import type { NatsOptions } from '../src/index.ts';
import { linkTo } from './world.ts';

const onTls = hasOpenssl ? describe : describe.skip;
await describeBackend('nats', ({ start }) => {
  onTls('with TLS', () => {
    let certificates: Certificates;
    let files: CertificateFiles;
    let secure: BackendServer;
    let mutual: BackendServer;
    let plain: BackendServer;
    beforeAll(async () => {
      certificates = makeCertificates();
      files = certificateFiles(certificates);
      const { caFile, ...own } = files;
      secure = await start({ tls: own });
      mutual = await start({ tls: { ...own, caFile } });
      plain = await start();
    });
    afterAll(() => files.remove());

    async function works(options: NatsOptions): Promise<void> {
      const connection = await linkTo(options).connect();
      await connection.flush();
    }
    async function refused(options: NatsOptions, reason: RegExp): Promise<void> {
      const { message } = await rejects(linkTo(options).connect(), 'unavailable');
      expect(message).toMatch(reason);
      expect(message).toMatch(/cannot connect to 127\.0\.0\.1:\d+/);
    }

    test('a server whose authority is trusted is talked to, whoever asked for TLS', async () => {
      const ca = certificates.authority.cert;
      const address = secure.url;
      await works({ address, tls: { ca } });
      await works({ address: address.replace('tls://', ''), tls: { ca } });
      await works({ address, tls: { ca: new TextEncoder().encode(ca) } });
      await works({ address, tls: { rejectUnauthorized: false } });
    });

    test('a server of another authority, or of another name, is refused', async () => {
      const { authority, stranger } = certificates;
      const address = secure.url;
      await refused({ address }, /certificate/);
      await refused({ address, tls: { ca: stranger.cert } }, /certificate/);
      await refused({ address, tls: { ca: authority.cert, serverName: 'elsewhere' } }, /elsewhere/);
    });

    test('a server that wants certificates gets ours, and refuses none and those of strangers', async () => {
      const { authority, caller, stranger } = certificates;
      const address = mutual.url;
      const ca = authority.cert;
      await works({ address, tls: { ca, ...caller } });
      await refused({ address, tls: { ca } }, /may want a certificate/);
      await refused({ address, tls: { ca, ...stranger } }, /another one than ours/);
    });

    test('TLS is not given up for a server that has none, and a server that insists gets it unasked', async () => {
      const ca = certificates.authority.cert;
      await refused({ address: plain.url, tls: { ca } }, /tls/i);
      await refused({ address: plain.url.replace('nats:', 'tls:') }, /tls/i);
      // without the authority, it ends there
      await refused({ address: secure.url.replace('tls://', '') }, /certificate/);
    });
  });
});
