import { type BackendOptions, MicroError, type TlsOptions } from '@micro/core';
import { parseAddress } from '@micro/core/plugin';

/** What `consulRegistry` can be told. Nothing is needed. */
export interface ConsulOptions extends BackendOptions {
  /**
   * The agent beside us, `host:port` or a URL: services belong to the agent that they are registered with.
   * @default 'http://127.0.0.1:8500'
   */
  readonly address?: string | readonly string[] | undefined;
  /**
   * The ACL token.
   * @default CONSUL_HTTP_TOKEN in the environment, as Consul's own client
   */
  readonly token?: string | undefined;
  /** Where services are looked for. @default the agent's own datacenter */
  readonly datacenter?: string | undefined;
  /** Tags of our nodes, besides those that carry what go-micro knows of them. */
  readonly tags?: readonly string[] | undefined;
  /** How Consul finds out that a node lives. @default { type: 'ttl' } */
  readonly check?: ConsulCheck | undefined;
  /**
   * How long a node may be critical until Consul forgets it, in ms. Consul takes a minute where it is less.
   * @default the ttl (or the check's interval) and 5 s, as go-micro
   */
  readonly deregisterAfterMs?: number | undefined;
  /** Whether any server may answer a lookup, not the leader alone. @default true */
  readonly stale?: boolean | undefined;
  /** How long one request to Consul may take, in ms; a watch's takes `waitMs` more. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** How long Consul holds a watch's request when nothing changes, in ms. @default 20000 */
  readonly waitMs?: number | undefined;
  /**
   * Watches that Consul holds a connection for at once; more take turns of a second. With 16 for requests they are to
   * stay below the agent's limit for one address, 200, which all processes of a machine share.
   * @default 128
   */
  readonly watchConnections?: number | undefined;
}

/** `ttl`: core's renewals say so. The others: the agent asks the node's address itself, every `intervalMs`. */
export type ConsulCheck =
  | { readonly type: 'ttl' }
  | (Asked & { readonly type: 'tcp' })
  | (Asked & { readonly type: 'http'; readonly path: string; readonly tls?: boolean })
  | (Asked & { readonly type: 'grpc'; readonly service?: string; readonly tls?: boolean });

interface Asked {
  readonly intervalMs: number;
  /** @default Consul's, 10 s */
  readonly timeoutMs?: number | undefined;
}

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsOptions | undefined;
  readonly token: string | undefined;
  readonly datacenter: string | undefined;
  readonly tags: readonly string[];
  readonly check: ConsulCheck;
  readonly deregisterAfterMs: number | undefined;
  readonly stale: boolean;
  readonly timeoutMs: number;
  readonly waitMs: number;
  readonly watchConnections: number;
}

/** The options with their defaults. Throws `bad_request` for what makes no sense. */
export function settingsOf(options: ConsulOptions = {}): Settings {
  const { address = '127.0.0.1:8500', tags = [], check = { type: 'ttl' }, stale = true } = options;
  const { token = process.env.CONSUL_HTTP_TOKEN, datacenter, deregisterAfterMs } = options;
  const { timeoutMs = 5_000, waitMs = 20_000, watchConnections = 128 } = options;
  const [text, ...others] = typeof address === 'string' ? [address] : address;
  if (text === undefined || others.length > 0) throw refuse('address', address);
  const { host, port, path } = parseAddress(text.replace(/^https?:\/\//, '').replace(/\/$/, ''));
  if (path !== undefined || host === undefined || port === 0) throw refuse('address', address);
  const tls = options.tls ?? (text.startsWith('https://') ? {} : undefined);
  if (!(timeoutMs >= 1 && timeoutMs <= 60_000)) throw refuse('timeoutMs', timeoutMs);
  if (!(waitMs >= 100 && waitMs <= 600_000)) throw refuse('waitMs', waitMs);
  if (!(Number.isSafeInteger(watchConnections) && watchConnections >= 1))
    throw refuse('watchConnections', watchConnections);
  if (check.type !== 'ttl' && !(check.intervalMs >= 1)) throw refuse('check.intervalMs', check.intervalMs);
  if (deregisterAfterMs !== undefined && !(deregisterAfterMs > 0))
    throw refuse('deregisterAfterMs', deregisterAfterMs);
  if (tags.some((tag) => /^[vte][-=]/.test(tag))) throw refuse('tags', tags); // read as go-micro's
  const waits = { timeoutMs, waitMs, watchConnections };
  return { host, port, tls, token, datacenter, tags, check, deregisterAfterMs, stale, ...waits };
}

function refuse(option: string, value: unknown): MicroError {
  return new MicroError(
    'bad_request',
    `registry consul: option ${option} cannot be ${JSON.stringify(value)}`,
  );
}
