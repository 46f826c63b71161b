import { describe, expect, test } from '@jest/globals';
import { rejects } from '@micro/conformance';
import { nkeys } from '@nats-io/transport-node';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import type { NatsOptions } from '../src/index.ts';
import { makeOperator } from './jwt.ts';
import { linkTo } from './world.ts';

const seedOf = (pair: nkeys.KeyPair): string => new TextDecoder().decode(pair.getSeed());
const anHourAgo = Math.floor(Date.now() / 1_000) - 3_600;

for (const backend of ['nats', 'nats-debian'] as const) {
  await describeBackend(backend, ({ start }) => {
    /** Those get in; the others are told so in the server's words. */
    async function admits(
      config: string,
      admitted: readonly NatsOptions[],
      refused: readonly NatsOptions[],
    ): Promise<void> {
      const address = (await start({ config })).url.replace('nats://', '');
      for (const options of admitted) {
        const connection = await linkTo({ address, ...options }).connect();
        await connection.flush();
      }
      for (const options of refused) {
        const { message } = await rejects(linkTo({ address, ...options }).connect(), 'unauthorized');
        expect(message).toMatch(/cannot connect to 127\.0\.0\.1:\d+: .*authorization violation/i);
        for (const secret of [options.password, options.token, options.nkeySeed])
          if (secret !== undefined) expect(message).not.toContain(secret);
      }
    }

    describe('credentials', () => {
      test('a user with the right password is admitted, and others are not', () =>
        admits(
          'authorization { user: ada, password: "p@ss" }',
          [{ user: 'ada', password: 'p@ss' }],
          [{}, { token: 'p@ss' }, { user: 'ada', password: 'wrong' }, { user: 'eve', password: 'p@ss' }],
        ));

      test('a token is admitted, and others are not', () =>
        admits('authorization { token: "s3cret" }', [{ token: 's3cret' }], [{}, { token: 'wrong' }]));

      test('the seed of an nkey is admitted, and others are not', () => {
        const [ours, other] = [nkeys.createUser(), nkeys.createUser()];
        return admits(
          `authorization { users: [ { nkey: ${ours.getPublicKey()} } ] }`,
          [{ nkeySeed: seedOf(ours) }],
          [{}, { nkeySeed: seedOf(other) }],
        );
      });

      test('the text of a .creds file is admitted; that of another operator, and one that has expired, are not', () => {
        const [ours, other] = [makeOperator(), makeOperator()];
        return admits(
          ours.config,
          [{ credentials: ours.credentials() }],
          [{}, { credentials: other.credentials() }, { credentials: ours.credentials(anHourAgo) }],
        );
      });
    });
  });
}
