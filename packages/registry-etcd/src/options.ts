import { type BackendOptions, MicroError } from '@micro/core';
import { parseAddress } from '@micro/core/plugin';

/** What `etcdRegistry` can be told. Nothing is needed. */
export interface EtcdOptions extends BackendOptions {
  /**
   * The members of the cluster: `host:port` or a URL. With `https` ones, or the option `tls`, TLS is used for all.
   * @default 'http://127.0.0.1:2379'
   */
  readonly address?: string | readonly string[] | undefined;
  /**
   * Who we are, where etcd asks for it.
   * @default ETCD_USERNAME in the environment, as go-micro
   */
  readonly username?: string | undefined;
  /** @default ETCD_PASSWORD in the environment, as go-micro */
  readonly password?: string | undefined;
  /**
   * What all keys begin with. Go services know only the default.
   * @default '/micro/registry/'
   */
  readonly prefix?: string | undefined;
  /**
   * How long one request to etcd may take, in ms.
   * @default 5000
   */
  readonly timeoutMs?: number | undefined;
}

export interface Settings {
  /** URLs, all of one scheme. */
  readonly hosts: readonly string[];
  readonly tls: NonNullable<BackendOptions['tls']> | undefined;
  readonly user: { readonly name: string; readonly password: string } | undefined;
  readonly prefix: string;
  readonly timeoutMs: number;
}

/** The options with their defaults. Throws `bad_request` for what makes no sense. */
export function settingsOf(options: EtcdOptions = {}): Settings {
  const { address = '127.0.0.1:2379', prefix = '/micro/registry/', timeoutMs = 5_000 } = options;
  const { username = process.env.ETCD_USERNAME, password = process.env.ETCD_PASSWORD ?? '' } = options;
  const addresses = typeof address === 'string' ? [address] : address;
  if (addresses.length === 0) throw refuse('address', address);
  if (!prefix.endsWith('/')) throw refuse('prefix', prefix);
  if (!(timeoutMs >= 1 && timeoutMs <= 60_000)) throw refuse('timeoutMs', timeoutMs);
  if (options.tls?.rejectUnauthorized === false)
    throw new MicroError(
      'bad_request',
      'registry etcd: the client library always verifies: trust tls.ca instead',
    );
  const secure = options.tls !== undefined || addresses.some((one) => one.startsWith('https://'));
  return {
    hosts: addresses.map((one) => hostOf(one, secure)),
    tls: secure ? (options.tls ?? {}) : undefined,
    user: username ? { name: username, password } : undefined,
    prefix,
    timeoutMs,
  };
}

function hostOf(address: string, secure: boolean): string {
  const { text, port, path } = parseAddress(address.replace(/^https?:\/\//, '').replace(/\/$/, ''));
  if (path !== undefined || port === 0) throw refuse('address', address);
  return `${secure ? 'https' : 'http'}://${text}`;
}

function refuse(option: string, value: unknown): MicroError {
  return new MicroError('bad_request', `registry etcd: option ${option} cannot be ${JSON.stringify(value)}`);
}
