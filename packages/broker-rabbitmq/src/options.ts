import { type BackendOptions, MicroError } from '@micro/core';

/** Durations are in milliseconds. */
export interface RabbitmqBrokerOptions extends BackendOptions {
  /**
   * Nodes of one cluster, tried in turn: `host:port`, `amqp://user:password@host:port/vhost`, or `amqps://` for TLS.
   * @default '127.0.0.1:5672'
   */
  readonly address?: string | readonly string[] | undefined;
  /** @default 'guest', whom RabbitMQ admits from its own machine alone */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** The virtual host. @default '/' */
  readonly vhost?: string | undefined;
  /** go-micro's exchange, where Go's services publish and subscribe. @default 'micro' */
  readonly exchange?: string | undefined;
  /** Whether that exchange is durable: Go's option DurableExchange, the same for all who use it. @default false */
  readonly durableExchange?: boolean | undefined;
  /**
   * Queues as go-micro declares them, so that members in Go and in TypeScript share: by their name alone, not durable.
   * Use a queue for one topic only. Without `durable` and `order`. @default false
   */
  readonly goQueues?: boolean | undefined;
  /** Connecting, and an answer or confirmation of the server, may take so long. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** How often each side shows that it is there; after two silences the connection is lost. Whole seconds. @default 5000 */
  readonly heartbeatMs?: number | undefined;
  /** Messages published and not yet confirmed; more are refused with `overloaded`. @default 16384 */
  readonly maxUnconfirmed?: number | undefined;
}

const defaults = { timeoutMs: 5_000, heartbeatMs: 5_000, maxUnconfirmed: 16_384 };

/** A node, as the client library takes it. */
export interface Node {
  readonly protocol: 'amqp' | 'amqps';
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
}

export interface Settings {
  readonly nodes: readonly Node[];
  readonly tls: RabbitmqBrokerOptions['tls'];
  readonly exchange: string;
  readonly durableExchange: boolean;
  readonly goQueues: boolean;
  readonly timeoutMs: number;
  readonly heartbeatMs: number;
  readonly maxUnconfirmed: number;
}

/** The options with their defaults. Throws `bad_request` for what makes no sense. */
export function settingsOf(options: RabbitmqBrokerOptions): Settings {
  const { address = '127.0.0.1:5672', tls, exchange = 'micro' } = options;
  const { durableExchange = false, goQueues = false } = options;
  const nodes = (typeof address === 'string' ? address.split(',') : address).map((one) =>
    nodeOf(one, options),
  );
  if (nodes.length === 0) throw new MicroError('bad_request', 'broker rabbitmq: an address is missing');
  return {
    ...{ nodes, tls, exchange, durableExchange, goQueues },
    timeoutMs: positive('timeoutMs', options),
    heartbeatMs: positive('heartbeatMs', options),
    maxUnconfirmed: positive('maxUnconfirmed', options),
  };
}

function positive(name: keyof typeof defaults, options: RabbitmqBrokerOptions): number {
  const value = options[name] ?? defaults[name];
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new MicroError('bad_request', `broker rabbitmq: ${name} must be a positive integer, not ${value}`);
}

function nodeOf(address: string, { user, password, vhost, tls }: RabbitmqBrokerOptions): Node {
  const text = address.trim();
  try {
    const url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `amqp://${text}`);
    if (url.hostname === '' || !/^amqps?:$/.test(url.protocol)) throw new TypeError('no such address');
    const secure = url.protocol === 'amqps:' || tls !== undefined;
    return {
      protocol: secure ? 'amqps' : 'amqp',
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port) || (secure ? 5671 : 5672),
      username: user ?? (decodeURIComponent(url.username) || 'guest'),
      password: password ?? (decodeURIComponent(url.password) || 'guest'),
      vhost: vhost ?? (decodeURIComponent(url.pathname.slice(1)) || '/'),
    };
  } catch (cause) {
    // The text may hold a password: it is not repeated
    const wanted = 'an address is not host:port, amqp:// or amqps://';
    throw new MicroError('bad_request', `broker rabbitmq: ${wanted}`, { cause });
  }
}
