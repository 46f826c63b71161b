import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { type BackendOptions, MicroError } from '@micro/core';
import { tlsClientOptions } from '@micro/core/plugin';
import {
  type Authenticator,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from '@nats-io/transport-node';

/** What every plugin for NATS takes. At most one way to authenticate; durations are in milliseconds. */
export interface NatsOptions extends BackendOptions {
  /**
   * Servers of one cluster: `host:port`, `nats://user:password@host:port`, or `tls://host:port` to insist on TLS.
   * @default '127.0.0.1:4222'
   */
  readonly address?: string | readonly string[] | undefined;
  /** With `password`. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** The seed of an nkey, `SU...`. */
  readonly nkeySeed?: string | undefined;
  /** The text of a `.creds` file: a JWT and its seed. */
  readonly credentials?: string | undefined;
  /** Until a server has answered, TLS included. @default 5000 */
  readonly connectTimeoutMs?: number | undefined;
  /** How often the server is asked whether it is there; the third silence is a loss. @default 2000 */
  readonly pingIntervalMs?: number | undefined;
  /** A connection of the application's own, which it closes itself; the options above are of no use then. */
  readonly connection?: NatsConnection | undefined;
}

const defaultAddress = '127.0.0.1:4222';
const form = /^(?:(nats|tls):\/\/)?(?:([^@/]*)@)?([^@/]+)\/?$/;

interface ParsedAddress {
  readonly server: string;
  readonly tls: boolean;
  readonly user?: string;
  readonly password?: string;
}

/** The options as the client library takes them. Throws `bad_request` for what makes no sense. */
export function connectionOptions(options: NatsOptions, name: string): NodeConnectionOptions {
  const { address = defaultAddress, tls } = options;
  const addresses = (typeof address === 'string' ? address.split(',') : address).map((one) =>
    parse(one.trim()),
  );
  const [first] = addresses;
  if (first === undefined) throw new MicroError('bad_request', 'no address of a NATS server was given');
  const secured = tls !== undefined || addresses.some((one) => one.tls);
  return {
    servers: addresses.map(({ server }) => server),
    name,
    ...loginOf(options, first),
    ...(secured && { tls: nodeTls(tls ?? {}, addresses) }),
    timeout: positive('connectTimeoutMs', options.connectTimeoutMs ?? 5000),
    pingInterval: positive('pingIntervalMs', options.pingIntervalMs ?? 2000),
    maxPingOut: 2,
    // A fleet that has lost its server comes back spread over a second, and never gives up
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 800,
    reconnectJitterTLS: 800,
    // A password that is wrong while it is being changed does not end it for good
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  };
}

// The library hands on to node:tls what it does not know itself; its type knows texts alone.
function nodeTls(
  tls: Parameters<typeof tlsClientOptions>[0],
  addresses: readonly ParsedAddress[],
): NonNullable<NodeConnectionOptions['tls']> {
  const numbers = addresses
    .map(({ server }) => server.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''))
    .filter((host) => isIP(host) !== 0);
  const options = { ...tlsClientOptions(tls), ...ofNumbers(numbers) };
  return options as NonNullable<NodeConnectionOptions['tls']>;
}

/** The library tells node:tls of no IP, which would want a certificate for localhost: one of those that were given will do. */
function ofNumbers(numbers: readonly string[]): object {
  const [host] = numbers;
  if (host === undefined) return {};
  return {
    host,
    checkServerIdentity(name: string, certificate: PeerCertificate): Error | undefined {
      const errors = (name === host ? numbers : [name]).map((one) => checkServerIdentity(one, certificate));
      return errors.includes(undefined) ? undefined : errors[0];
    },
  };
}

function parse(address: string): ParsedAddress {
  const [found, scheme, login, server = ''] = form.exec(address) ?? [];
  if (found === undefined)
    // it may hold a password, so it is not repeated
    throw new MicroError('bad_request', 'an address is not host:port, nats://host:port or tls://host:port');
  if (login === undefined) return { server, tls: scheme === 'tls' };
  const [user = '', password = ''] = login.split(':').map(decodeURIComponent);
  return { server, tls: scheme === 'tls', user, password };
}

interface Login {
  readonly authenticator?: Authenticator;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

function loginOf(options: NatsOptions, address: ParsedAddress): Login {
  const user = options.user ?? address.user;
  const { token, nkeySeed, credentials } = options;
  const ways = [user, token, nkeySeed, credentials].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw new MicroError(
      'bad_request',
      'give one of user and password, token, nkeySeed or credentials, not several',
    );
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  if (credentials !== undefined) return { authenticator: credsAuthenticator(bytes(credentials)) };
  if (nkeySeed !== undefined) return { authenticator: nkeyAuthenticator(bytes(nkeySeed)) };
  if (token !== undefined) return { token };
  return user === undefined ? {} : { user, pass: options.password ?? address.password ?? '' };
}

function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new MicroError('bad_request', `${name} must be a positive whole number, not ${value}`);
}
