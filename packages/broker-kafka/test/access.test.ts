import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Certificates, eventually, hasOpenssl, makeCertificates } from '@micro/conformance';
import type { Code, Message } from '@micro/core';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { collect, message, refused, subscribing, textOf } from '../../../testing/events.ts';
import type { KafkaBrokerOptions } from '../src/index.ts';
import { brokerAt } from './world.ts';

const login = { user: 'alice', password: 'alice-secret' };

/** Publishes and subscribes, both ways through the server. */
async function roundTrip(address: string | undefined, options: KafkaBrokerOptions): Promise<void> {
  const broker = brokerAt(address ?? '', options);
  const texts: Message[] = [];
  await broker.subscribe('guarded', collect(texts), subscribing());
  await broker.publish('guarded', [message('secret')]);
  await eventually(() => expect(texts.map(textOf)).toContain('secret'));
  await broker.close();
}

await describeBackend('kafka', ({ start }) => {
  (hasOpenssl ? describe : describe.skip)('with TLS', () => {
    let certificates: Certificates;
    let server: BackendServer;
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'micro-kafka-tls-'));
      const file = (name: string): string => join(folder, name);
      certificates = makeCertificates();
      await writeFile(file('cert'), certificates.server.cert);
      await writeFile(file('key'), certificates.server.key);
      await writeFile(file('ca'), certificates.authority.cert);
      const tls = { certFile: file('cert'), keyFile: file('key'), caFile: file('ca') };
      server = await start({ tls, scram: true });
    }, 60_000);
    afterAll(() => rm(folder, { recursive: true }));

    test('trusts the authority that it was given, and shows its certificate', async () => {
      const { authority, caller } = certificates;
      await roundTrip(server.addresses.tls, { tls: { ca: authority.cert, ...caller } });
    }, 30_000);

    test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
      'logs in by %s over TLS, and without',
      async (mechanism) => {
        const tls = { ca: certificates.authority.cert };
        await roundTrip(server.addresses.saslTls, { tls, ...login, mechanism });
        await roundTrip(server.addresses.sasl, { ...login, mechanism });
        const broker = brokerAt(server.addresses.sasl ?? '', { ...login, mechanism, password: 'wrong' });
        const error = await refused(broker.publish('guarded', [message('x')]));
        expect([error.code, error.message]).toEqual([
          'unauthorized',
          expect.stringMatching(/Authentication failed/i),
        ]);
      },
      30_000,
    );

    test('a server or a caller that cannot show who it is gets nothing, and the error says why', async () => {
      const { authority, caller, stranger } = certificates;
      const ca = authority.cert;
      const refusals: readonly [KafkaBrokerOptions['tls'], RegExp][] = [
        [{ ca: stranger.cert, ...caller }, /certificate/],
        [{ ...caller }, /certificate/],
        [{ ca, ...caller, serverName: 'elsewhere' }, /altnames/],
        [{ ca }, /alert|certificate required|closed/i],
        [{ ca, ...stranger }, /alert|certificate|closed/i],
      ];
      for (const [tls, reason] of refusals) {
        const broker = brokerAt(server.addresses.tls ?? '', { tls });
        const error = await refused(broker.publish('guarded', [message('x')]));
        expect([error.code, error.message]).toEqual(['unavailable', expect.stringMatching(reason)]);
        await broker.close();
      }
    }, 60_000);
  });

  test('who may not is told so in the words of the server, by publish and by subscribe', async () => {
    const server = await start({
      config: [
        'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users=User:ANONYMOUS',
      ],
    });
    await roundTrip(server.url, {});
    const broker = brokerAt(server.addresses.sasl ?? '', login);
    for (const what of [
      () => broker.publish('guarded', [message('x')]),
      () => broker.subscribe('guarded', collect([]), subscribing()),
    ]) {
      const error = await refused(what());
      expect([error.code, error.message]).toEqual(['forbidden', expect.stringMatching(/not authorized/i)]);
    }
  }, 60_000);

  describe('with a login', () => {
    let server: BackendServer;
    beforeAll(async () => {
      server = await start();
    }, 60_000);

    test('is let in', () => roundTrip(server.addresses.sasl, login), 30_000);

    test.each<[string, KafkaBrokerOptions, Code, RegExp]>([
      ['a wrong password', { ...login, password: 'wrong' }, 'unauthorized', /Authentication failed/i],
      ['no login', {}, 'unavailable', /wants TLS or a login/],
      [
        'a mechanism that the server has not',
        { ...login, mechanism: 'scram-sha-256' },
        'unauthorized',
        /mechanism/,
      ],
    ])(
      '%s is refused, by publish and by subscribe, in words that say so',
      async (_, options, code, reason) => {
        const broker = brokerAt(server.addresses.sasl ?? '', options);
        for (const what of [
          () => broker.publish('guarded', [message('x')]),
          () => broker.subscribe('guarded', collect([]), subscribing()),
        ]) {
          const error = await refused(what());
          expect([error.code, error.message]).toEqual([code, expect.stringMatching(reason)]);
        }
      },
      30_000,
    );
  });
});
