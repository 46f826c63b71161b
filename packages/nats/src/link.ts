import { MicroError, report } from '@micro/core';
import { abortable, atMost } from '@micro/core/plugin';
import {
  connect,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
  type Status,
} from '@nats-io/transport-node';
import { closeFailedAttempts } from './attempts.ts';
import { natsError } from './errors.ts';
import { connectionOptions, type NatsOptions } from './options.ts';

/** Called with the reason when the connection is lost, and with nothing when it has come back. Never throws. */
export type LinkListener = (lost: MicroError | undefined) => void;

/** Called with a subject that may not be used. Never throws. */
export type DeniedListener = (subject: string, error: MicroError) => void;

/**
 * One connection to NATS for all that a plugin does: made by the first use, shared by everybody, back by itself
 * after a loss. A failure to connect is never remembered, and nothing waits in the client library while it is lost.
 */
export class NatsLink {
  private readonly options: NodeConnectionOptions;
  private readonly own: NatsConnection | undefined;
  private readonly listeners = new Set<LinkListener>();
  private readonly deniedListeners = new Set<DeniedListener>();
  private connecting: Promise<NatsConnection> | undefined;
  private current: NatsConnection | undefined;
  private lost: MicroError | undefined;
  private said: Error | undefined;
  private closing: Promise<void> | undefined;

  /** `name`: what the server's monitoring shows. Throws `bad_request` for options that make no sense. */
  constructor(options: NatsOptions, name: string) {
    this.options = connectionOptions(options, name);
    this.own = options.connection;
  }

  /** The connection while it stands. */
  get connection(): NatsConnection | undefined {
    return this.lost === undefined && this.closing === undefined ? this.current : undefined;
  }

  /** The servers, for messages. */
  get servers(): string {
    return this.current?.getServer() || [this.options.servers ?? []].flat().join(', ');
  }

  /**
   * Connects, where that is still to be done. Rejects with `unavailable` while the connection is lost, and after
   * `close`; with `unauthorized` when the server refuses the credentials.
   */
  async connect(signal?: AbortSignal | undefined): Promise<NatsConnection> {
    if (this.closing !== undefined) throw gone();
    if (this.current === undefined) {
      this.connecting ??= this.start().finally(() => {
        this.connecting = undefined;
      });
      await abortable(this.connecting, signal);
    }
    const { connection } = this;
    if (connection === undefined) throw this.lost ?? gone();
    return connection;
  }

  /** Tells of each loss and each return, until the returned function is called. */
  onChange(listener: LinkListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Tells of each subject that the server did not let us publish or subscribe to, until the function is called. */
  onDenied(listener: DeniedListener): () => void {
    this.deniedListeners.add(listener);
    return () => {
      this.deniedListeners.delete(listener);
    };
  }

  /** Closes the connection after what was sent has left; one of the application's own stays open. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async start(): Promise<NatsConnection> {
    closeFailedAttempts();
    let connection: NatsConnection;
    try {
      connection = this.own ?? (await connect({ ...this.options }));
    } catch (error) {
      throw natsError(error, `cannot connect to ${this.servers}${this.hint(error)}`);
    }
    if (this.closing !== undefined) {
      if (this.own === undefined) await connection.close();
      throw gone();
    }
    if (connection.isClosed()) throw new MicroError('unavailable', 'nats: the connection is closed');
    this.current = connection;
    this.lost = undefined;
    this.said = undefined;
    void this.follow(connection); // never rejects
    return connection;
  }

  /** The library says no more than that the time was up when a server turns us down after its side of TLS 1.3. */
  private hint(error: unknown): string {
    if (this.options.tls === undefined || !(error instanceof errors.TimeoutError)) return '';
    return ' (over TLS: the server may want a certificate, or another one than ours)';
  }

  /** Heeds what the connection tells for as long as it lives. */
  private async follow(connection: NatsConnection): Promise<void> {
    try {
      for await (const status of connection.status()) {
        if (this.closing !== undefined) return;
        this.heed(status, connection.getServer());
      }
    } catch (error) {
      report('plugin.warning', `NATS at ${connection.getServer()}`, error);
    }
    this.lose('the connection is closed', connection.getServer());
    this.current = undefined; // for good: the next use makes another
  }

  private heed(status: Status, server: string): void {
    if (status.type === 'error') {
      const { error } = status;
      report('plugin.warning', `NATS at ${server}`, error);
      if (error instanceof errors.PermissionViolationError) {
        for (const listener of [...this.deniedListeners]) listener(error.subject, natsError(error, server));
        return;
      }
      this.said = error; // most often the last thing before the server closes the connection
      if (this.lost !== undefined) this.lost = natsError(error, `cannot connect to ${server}`);
    } else if (status.type === 'disconnect' || status.type === 'staleConnection') {
      this.lose('the connection is lost', server);
    } else if (status.type === 'reconnect') {
      this.lost = undefined;
      this.said = undefined;
      report('transport.connected', `NATS at ${server}`);
      this.tell(undefined);
    }
  }

  private lose(what: string, server: string): void {
    if (this.lost !== undefined || this.closing !== undefined) return;
    const { said } = this;
    this.lost =
      said === undefined
        ? new MicroError('unavailable', `nats: ${what} (${server})`)
        : natsError(said, `${what} (${server})`);
    report('transport.disconnected', `NATS at ${server}`, this.lost);
    this.tell(this.lost);
  }

  private tell(lost: MicroError | undefined): void {
    for (const listener of [...this.listeners]) listener(lost);
  }

  private async end(): Promise<void> {
    await this.connecting?.catch(() => {
      // its caller is told
    });
    const { current, own } = this;
    if (current === undefined || own !== undefined || current.isClosed()) return;
    if (this.lost === undefined) await flushed(current);
    await current.close();
  }
}

function gone(): MicroError {
  return new MicroError('unavailable', 'nats: the plugin is closed');
}

const flushMs = 1000;

/** Waits until what was sent has left; a server that is silent does not hold up the end. */
async function flushed(connection: NatsConnection): Promise<void> {
  await atMost(connection.flush(), flushMs).catch(() => {
    // what could not leave is lost with the connection, as after any loss
  });
}
