import { createHash } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';

/** A server's configuration with an operator and one account, and what makes users of it (NATS JWT, version 2). */
export interface Operator {
  readonly config: string;
  /** The text of a `.creds` file of a new user; `expiresAt` in seconds since 1970. */
  credentials(expiresAt?: number): string;
}

export function makeOperator(): Operator {
  const [operator, system, account] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const operatorJwt = jwt('operator', operator, operator.getPublicKey(), {
    nats: { system_account: system.getPublicKey() },
  });
  const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1 };
  const accountJwt = (of: nkeys.KeyPair): string =>
    jwt('account', operator, of.getPublicKey(), { nats: { limits: { ...limits, wildcards: true } } });
  const preload = [system, account].map((one) => `${one.getPublicKey()}: ${accountJwt(one)}`);
  return {
    config: `operator: ${operatorJwt}\nresolver: MEMORY\nresolver_preload: { ${preload.join(', ')} }`,
    credentials(expiresAt) {
      const user = nkeys.createUser();
      const claims = { nats: { subs: -1, data: -1, payload: -1 }, ...(expiresAt && { exp: expiresAt }) };
      const token = jwt('user', account, user.getPublicKey(), claims);
      const seed = new TextDecoder().decode(user.getSeed());
      return [
        ...['-----BEGIN NATS USER JWT-----', token, '------END NATS USER JWT------', ''],
        ...['-----BEGIN USER NKEY SEED-----', seed, '------END USER NKEY SEED------', ''],
      ].join('\n');
    },
  };
}

interface Claims {
  readonly nats: object;
  readonly exp?: number;
}

function jwt(type: string, issuer: nkeys.KeyPair, subject: string, { nats, ...more }: Claims): string {
  const claims = {
    ...{ iat: Math.floor(Date.now() / 1_000), iss: issuer.getPublicKey(), name: type, sub: subject },
    ...{ ...more, nats: { ...nats, type, version: 2 } },
  };
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex');
  const parts = [
    { typ: 'JWT', alg: 'ed25519-nkey' },
    { ...claims, jti },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const text = parts.join('.');
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
}
