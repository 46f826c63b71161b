import { type BackendOptions, MicroError } from '@micro/core';
import { parseAddress } from '@micro/core/plugin';

/** What `zookeeperRegistry` can be told. Nothing is needed. */
export interface ZookeeperOptions extends Pick<BackendOptions, 'address'> {
  /**
   * The servers of the ensemble, `host:port`.
   * @default '127.0.0.1:2181'
   */
  readonly address?: string | readonly string[] | undefined;
  /** The client library has no TLS: refused, so that nobody believes in it. */
  readonly tls?: undefined;
  /**
   * Who we are, by ZooKeeper's scheme `digest`. What we write can then be changed by those who say the same, and read by
   * everybody; without, everybody may do everything, as in Go.
   */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /**
   * How long our nodes outlive our last sign of life, in ms, whatever their ttl. ZooKeeper raises and lowers it to
   * what it allows.
   * @default 5000
   */
  readonly sessionTimeoutMs?: number | undefined;
  /**
   * Below which node all services are. Go services know only the default.
   * @default '/micro-registry'
   */
  readonly root?: string | undefined;
  /** How long one request to ZooKeeper, or a connection to it, may take, in ms. @default 5000 */
  readonly timeoutMs?: number | undefined;
}

export interface Settings {
  /** As the client library reads it: `a:1,b:2`. */
  readonly servers: string;
  /** `user:password` */
  readonly login: string | undefined;
  readonly sessionTimeoutMs: number;
  readonly root: string;
  readonly timeoutMs: number;
}

/** The options with their defaults. Throws `bad_request` for what makes no sense. */
export function settingsOf(options: ZookeeperOptions = {}): Settings {
  const { address = '127.0.0.1:2181', sessionTimeoutMs = 5_000, root = '/micro-registry' } = options;
  const { timeoutMs = 5_000, tls, username, password = '' } = options;
  const addresses = typeof address === 'string' ? [address] : address;
  if (addresses.length === 0) throw refuse('address', address);
  if (tls !== undefined)
    throw new MicroError('bad_request', 'registry zookeeper: the client library has no TLS');
  if (username === '' || username?.includes(':')) throw refuse('username', username);
  if (!(sessionTimeoutMs >= 100)) throw refuse('sessionTimeoutMs', sessionTimeoutMs);
  if (!/^(\/[^/\s]+)+$/.test(root)) throw refuse('root', root);
  if (!(timeoutMs >= 1 && timeoutMs <= 60_000)) throw refuse('timeoutMs', timeoutMs);
  const login = username === undefined ? undefined : `${username}:${password}`;
  return { servers: addresses.map(serverOf).join(','), login, sessionTimeoutMs, root, timeoutMs };
}

function serverOf(address: string): string {
  const { host, port, path } = parseAddress(address);
  // The library takes what follows the first colon for the port.
  if (path !== undefined || host === undefined || host.includes(':') || port === 0)
    throw refuse('address', address);
  return `${host}:${port}`;
}

function refuse(option: string, value: unknown): MicroError {
  return new MicroError(
    'bad_request',
    `registry zookeeper: option ${option} cannot be ${JSON.stringify(value)}`,
  );
}
