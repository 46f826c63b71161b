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
import type { AmqpOptions } from '../src/index.ts';
import { linkTo } from './world.ts';

await describeBackend('rabbitmq', ({ start }) => {
  const onTls = hasOpenssl ? describe : describe.skip;
  onTls('with TLS', () => {
    let certificates: Certificates;
    let files: CertificateFiles;
    let secure: BackendServer;
    let mutual: BackendServer;
    beforeAll(async () => {
      certificates = makeCertificates();
      files = certificateFiles(certificates);
      const { caFile, ...own } = files;
      secure = await start({ tls: own });
      mutual = await start({ tls: { ...own, caFile } });
    }, 120_000);
    afterAll(() => files.remove());

    async function works(options: AmqpOptions): Promise<void> {
      const connection = await linkTo(options).connect();
      await (await connection.createChannel()).close();
    }
    async function refused(options: AmqpOptions, reason: RegExp): Promise<void> {
      const link = linkTo({ timeoutMs: 2_000, ...options });
      const { message } = await rejects(link.connect(), 'unavailable');
      expect(message).toMatch(reason);
      expect(message).toMatch(/cannot connect to 127\.0\.0\.1:\d+/);
    }

    test('a server whose authority is trusted is talked to, by amqps or by the option', async () => {
      const ca = certificates.authority.cert;
      const address = secure.addresses.tls ?? '';
      await works({ address, tls: { ca } });
      await works({ address: address.replace('amqps://', 'amqp://'), tls: { ca } });
      await works({ address, tls: { rejectUnauthorized: false } });
    });

    test('a server of another authority, or of another name, is refused', async () => {
      const { authority, stranger } = certificates;
      const address = secure.addresses.tls ?? '';
      await refused({ address }, /certificate/);
      await refused({ address, tls: { ca: stranger.cert } }, /certificate/);
      await refused({ address, tls: { ca: authority.cert, serverName: 'elsewhere' } }, /elsewhere/);
    });

    test('a server that wants certificates gets ours, and refuses none and those of strangers', async () => {
      const { authority, caller, stranger } = certificates;
      const address = mutual.addresses.tls ?? '';
      const ca = authority.cert;
      await works({ address, tls: { ca, ...caller } });
      await refused({ address, tls: { ca } }, /certificate required/);
      await refused({ address, tls: { ca, ...stranger } }, /unknown ca|bad certificate/);
    });

    test('TLS to a plain port, and no TLS to one that wants it, are refused', async () => {
      const ca = certificates.authority.cert;
      await refused({ address: secure.url.replace('amqp://', 'amqps://'), tls: { ca } }, /TLS/);
      await refused({ address: (secure.addresses.tls ?? '').replace('amqps://', 'amqp://') }, /TLS/);
    });
  });
});
