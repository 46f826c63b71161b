import { Socket } from 'node:net';
import { MicroError, report } from '@micro/core';
import { abortable, atMost, isObject, tlsClientOptions } from '@micro/core/plugin';
import { type ChannelModel, connect } from 'amqplib';
import { answered } from './answered.ts';
import { amqpError } from './errors.ts';
import { type AmqpNode, type AmqpOptions, type AmqpSettings, amqpSettings } from './options.ts';

/** What a plugin does with its connection. */
export interface LinkUser {
  /** Declares what it needs on a new connection, before anybody is told of it. A rejection gives the connection up. */
  prepare(connection: ChannelModel): Promise<void>;
  /** The connection is lost. Never throws. */
  lost(error: MicroError): void;
  /** It has come back, and is prepared. Never throws. */
  back(): void;
}

const leastWaitMs = 200;
const mostWaitMs = 1000;

/**
 * One connection to RabbitMQ for all that a plugin does: made by the first use, shared by everybody. The client library
 * does not reconnect; this does, for ever, once it has been connected. A first failure is not remembered.
 */
export class AmqpLink {
  readonly settings: AmqpSettings;
  private readonly name: string;
  private readonly user: LinkUser;
  private connecting: Promise<ChannelModel> | undefined;
  private current: ChannelModel | undefined;
  private lostBy: MicroError | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;

  /** `name`: what the server's management shows. Throws `bad_request` for options that make no sense. */
  constructor(options: AmqpOptions, name: string, user: LinkUser) {
    this.settings = amqpSettings(options);
    this.name = name;
    this.user = user;
  }

  /** The connection while it stands. */
  get connection(): ChannelModel | undefined {
    return this.closing === undefined ? this.current : undefined;
  }

  /**
   * Connects, where that is still to be done. Rejects with `unavailable` while the connection is lost, and after
   * `close`; with `unauthorized` when the server refuses the credentials.
   */
  async connect(signal?: AbortSignal | undefined): Promise<ChannelModel> {
    if (this.closing !== undefined) throw gone();
    if (this.current !== undefined) return this.current;
    if (this.lostBy !== undefined) throw this.lostBy;
    return abortable(this.open(), signal);
  }

  /** Closes the connection after what was sent has left. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** A channel was closed by the server: the connection is made anew, for what was declared on it is gone. */
  reset(cause: unknown): void {
    const { current } = this;
    if (current === undefined) return;
    // a connection that is lost closes its channels first: then there is nothing to close any more
    setImmediate(() => {
      if (this.current !== current) return;
      this.lose(current, cause);
      void end(current, this.settings.timeoutMs); // never rejects
    });
  }

  private open(): Promise<ChannelModel> {
    this.connecting ??= this.start().finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  }

  private async start(): Promise<ChannelModel> {
    const connection = await connectAny(this.settings, this.name);
    let cause: unknown;
    let ended = false;
    connection.on('error', (error) => {
      cause = error;
    });
    // the library tells of some losses (a server that shuts down) by `close` alone
    connection.on('close', (error) => {
      ended = true;
      this.lose(connection, cause ?? error ?? new Error('it has ended'));
    });
    try {
      if (this.closing !== undefined) throw gone();
      await answered(this.user.prepare(connection), this.settings.timeoutMs);
      if (ended) throw cause ?? new Error('it has ended');
      if (this.closing !== undefined) throw gone();
    } catch (error) {
      await end(connection, this.settings.timeoutMs);
      throw amqpError(error, 'the connection cannot be used');
    }
    this.current = connection;
    return connection;
  }

  private lose(connection: ChannelModel, cause: unknown): void {
    if (this.current !== connection || this.closing !== undefined) return;
    this.current = undefined;
    const error = amqpError(cause, 'the connection is lost');
    this.lostBy = new MicroError('unavailable', error.message, { cause });
    report('transport.disconnected', 'RabbitMQ', error);
    this.user.lost(this.lostBy);
    this.reconnect();
  }

  private reconnect(): void {
    // a fleet that has lost its server comes back spread over a second
    const wait = leastWaitMs + Math.random() * (mostWaitMs - leastWaitMs);
    this.timer = setTimeout(() => {
      this.open().then(
        () => {
          this.lostBy = undefined;
          report('transport.connected', 'RabbitMQ');
          this.user.back();
        },
        (error: unknown) => {
          if (this.closing !== undefined) return;
          this.lostBy = amqpError(error, 'it cannot be reached');
          this.reconnect();
        },
      );
    }, wait);
  }

  private async end(): Promise<void> {
    clearTimeout(this.timer);
    await this.connecting?.catch(() => {
      // its caller is told
    });
    if (this.current !== undefined) await end(this.current, this.settings.timeoutMs);
  }
}

function gone(): MicroError {
  return new MicroError('unavailable', 'rabbitmq: the plugin is closed');
}

async function connectAny(settings: AmqpSettings, name: string): Promise<ChannelModel> {
  let failure: unknown;
  for (const node of settings.nodes) {
    try {
      return await connectTo(node, settings, name);
    } catch (error) {
      // the library does not say what the server has against a virtual host
      failure = amqpError(
        error,
        `cannot connect to ${node.hostname}:${node.port}${hint(error, node)}, virtual host "${node.vhost}"`,
      );
    }
  }
  throw failure;
}

/** What the library's words leave open. */
function hint(error: unknown, { protocol }: AmqpNode): string {
  const { code, message } = isObject(error) ? error : {};
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return ' (no TLS is spoken there)';
  // RabbitMQ ends the connection at the first bytes it does not know, and its answer may be lost with it
  const ended = code === 'ECONNRESET' || (typeof message === 'string' && /socket closed|end/i.test(message));
  if (!ended) return '';
  return protocol === 'amqps' ? ' (perhaps no TLS is spoken there)' : ' (perhaps TLS is wanted there)';
}

async function connectTo(
  node: AmqpNode,
  { tls, timeoutMs, heartbeatMs }: AmqpSettings,
  name: string,
): Promise<ChannelModel> {
  return connect(
    { ...node, heartbeat: Math.max(1, Math.round(heartbeatMs / 1000)), frameMax },
    {
      ...(tls !== undefined && tlsClientOptions(tls)),
      ...{ timeout: timeoutMs, noDelay: true, clientProperties: { connection_name: name } },
    },
  );
}

/** RabbitMQ's own default. The properties of a message, its headers with them, have to fit into one frame. */
export const frameMax = 131_072;

/** Closes it; where the server does not answer, the socket goes all the same. */
async function end(connection: ChannelModel, timeoutMs: number): Promise<void> {
  try {
    await atMost(connection.close(), timeoutMs);
  } catch {
    // it was lost before: there is nothing to close
  }
  const socket: unknown = Reflect.get(connection.connection, 'stream');
  // with an error: the library heeds no other end, and would go on sending heartbeats
  if (socket instanceof Socket && !socket.destroyed) socket.destroy(new Error('closed'));
}
