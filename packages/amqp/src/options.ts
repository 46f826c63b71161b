import { type BackendOptions, MicroError } from '@micro/core';

/** What every plugin for RabbitMQ takes. Durations are in milliseconds. */
export interface AmqpOptions extends BackendOptions {
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
  /** Connecting, and an answer of the server, may take so long. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** How often each side shows that it is there; after two silences the connection is lost. Whole seconds. @default 5000 */
  readonly heartbeatMs?: number | undefined;
}

/** A node, as the client library takes it. */
export interface AmqpNode {
  readonly protocol: 'amqp' | 'amqps';
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
}

export interface AmqpSettings {
  readonly nodes: readonly AmqpNode[];
  readonly tls: AmqpOptions['tls'];
  readonly timeoutMs: number;
  readonly heartbeatMs: number;
}

/** The options with their defaults. Throws `bad_request` for what makes no sense. */
export function amqpSettings(options: AmqpOptions): AmqpSettings {
  const { address = '127.0.0.1:5672', tls, timeoutMs = 5000, heartbeatMs = 5000 } = options;
  const list = typeof address === 'string' ? address.split(',') : address;
  const nodes = list.map((one) => nodeOf(one.trim(), options));
  if (nodes.length === 0) throw new MicroError('bad_request', 'rabbitmq: an address is missing');
  for (const [name, value] of Object.entries({ timeoutMs, heartbeatMs })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new MicroError('bad_request', `rabbitmq: ${name} must be a positive whole number, not ${value}`);
  }
  return { nodes, tls, timeoutMs, heartbeatMs };
}

function nodeOf(address: string, { user, password, vhost, tls }: AmqpOptions): AmqpNode {
  try {
    const url = new URL(/^[a-z]+:\/\//i.test(address) ? address : `amqp://${address}`);
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
    // it may hold a password, so it is not repeated
    const wanted = 'an address is not host:port, amqp:// or amqps://';
    throw new MicroError('bad_request', `rabbitmq: ${wanted}`, { cause });
  }
}
