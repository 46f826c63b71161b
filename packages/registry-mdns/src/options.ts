import { isIPv4 } from 'node:net';
import { MicroError } from '@micro/core';

/** What `mdnsRegistry` can be told. Nothing is needed. */
export interface MdnsOptions {
  /**
   * The domain that all names end in. A fleet of go-micro before v1.10 says `local`.
   * @default 'micro'
   */
  readonly domain?: string | undefined;
  /**
   * The UDP port of the group, shared with whatever else speaks mDNS on the host. Go services know only the default.
   * @default 5353
   */
  readonly port?: number | undefined;
  /**
   * The IPv4 address of the one interface to use, such as `127.0.0.1` to stay on this machine.
   * @default every interface that can multicast
   */
  readonly interface?: string | undefined;
  /**
   * How long a lookup collects answers, in ms. Go services answer at once and wait 100 ms themselves.
   * @default 100
   */
  readonly queryMs?: number | undefined;
  /**
   * How often a watcher asks again, in ms, give or take a fifth. A service of Go's that was killed never says
   * so: it is dropped after three questions without an answer, the last two at a quarter of this distance.
   * @default 10000
   */
  readonly refreshMs?: number | undefined;
}

export interface Settings {
  readonly domain: string;
  readonly port: number;
  readonly interface: string | undefined;
  readonly queryMs: number;
  readonly refreshMs: number;
}

/** The options with their defaults. Throws `bad_request` for what makes no sense. */
export function settingsOf(options: MdnsOptions = {}): Settings {
  const { domain = 'micro', port = 5353, queryMs = 100, refreshMs = 10_000 } = options;
  if (!/^[\w-]{1,63}(\.[\w-]{1,63})*$/.test(domain) || domain.length > 63) throw refuse('domain', domain);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw refuse('port', port);
  if (options.interface !== undefined && !isIPv4(options.interface))
    throw refuse('interface', options.interface);
  if (!(queryMs >= 1 && queryMs <= 60_000)) throw refuse('queryMs', queryMs);
  if (!(refreshMs >= 10 && refreshMs <= 3_600_000)) throw refuse('refreshMs', refreshMs);
  return { domain, port, interface: options.interface, queryMs, refreshMs };
}

function refuse(option: string, value: unknown): MicroError {
  return new MicroError('bad_request', `registry mdns: option ${option} cannot be ${JSON.stringify(value)}`);
}
