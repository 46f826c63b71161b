import { type BackendOptions, MicroError } from '@micro/core';
import { parseAddress, type SocketAddress } from '@micro/core/plugin';

/** Durations are in milliseconds, sizes in bytes; all must be positive whole numbers. */
export interface HttpBrokerOptions extends BackendOptions {
  /**
   * Where subscribers listen. The default reaches this machine alone, as in go-micro since v2.5; for several
   * machines say `0.0.0.0:0` or an address of this one. @default '127.0.0.1:0'
   */
  readonly address?: string | readonly string[] | undefined;
  /** What is registered, when it is not where we listen. */
  readonly advertise?: string | undefined;
  /** A subscriber that has not answered by then is given up, connecting included; half of it for the connection. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Messages on their way at once; more wait. @default 64 */
  readonly maxParallel?: number | undefined;
  /** Publishes that wait for others to leave; more are refused with `overloaded`. @default 16384 */
  readonly maxWaiting?: number | undefined;
  /** A message on the wire, both ways. Larger ones fail with `too_large`. @default 4 MiB */
  readonly maxBodyBytes?: number | undefined;
  /** Connections from publishers at once; what comes beyond is dropped. @default 1024 */
  readonly maxIncoming?: number | undefined;
}

type Numeric = 'timeoutMs' | 'maxParallel' | 'maxWaiting' | 'maxBodyBytes' | 'maxIncoming';
type Numbers = { readonly [K in Numeric]: number };
const defaults: Numbers = {
  timeoutMs: 5_000,
  maxParallel: 64,
  maxWaiting: 16_384,
  maxBodyBytes: 4 * 2 ** 20,
  maxIncoming: 1_024,
};

export interface Settings extends Numbers {
  readonly listen: SocketAddress;
  readonly advertise: string | undefined;
  readonly tls: HttpBrokerOptions['tls'];
}

/** The options with their defaults. Throws `bad_request` for what makes no sense. */
export function settingsOf(options: HttpBrokerOptions): Settings {
  const { address = '127.0.0.1:0', advertise, tls } = options;
  const [first, ...others] = typeof address === 'string' ? [address] : address;
  if (first === undefined || others.length > 0)
    throw new MicroError('bad_request', `broker http: one address to listen on, not "${address}"`);
  const numbers: Record<Numeric, number> = { ...defaults };
  for (const name of Object.keys(defaults) as Numeric[]) {
    const value = options[name] ?? numbers[name];
    if (!Number.isSafeInteger(value) || value < 1)
      throw new MicroError('bad_request', `broker http: ${name} must be a positive integer, not ${value}`);
    numbers[name] = value;
  }
  if (advertise !== undefined) hostAndPort(advertise);
  return { ...numbers, listen: hostAndPort(first), advertise, tls };
}

/** As go-micro's members can be reached: a Unix socket is no address for them. */
export function hostAndPort(address: string): SocketAddress {
  const parsed = parseAddress(address);
  if (parsed.path === undefined) return parsed;
  throw new MicroError('bad_request', `broker http: address "${address}" is not host:port`);
}
