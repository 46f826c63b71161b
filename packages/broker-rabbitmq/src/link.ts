import { Socket } from 'node:net';
import { MicroError, report } from '@micro/core';
import { abortable, atMost, checkSignal, tlsClientOptions } from '@micro/core/plugin';
import { type ChannelModel, connect } from 'amqplib';
import { type Confirmed, makeConfirmed } from './confirmed.ts';
import { amqpError } from './errors.ts';
import { declareExchanges } from './exchanges.ts';
import type { Node, Settings } from './options.ts';

/** A connection, and its channel for what must be confirmed. */
export interface Session {
  readonly connection: ChannelModel;
  readonly confirmed: Confirmed;
  /** Resolves, with the reason, when the connection is lost. */
  readonly lost: Promise<MicroError>;
}

/** The one connection of a broker: made by a use, again by the next use after it was lost. */
export interface Link {
  /** Rejects with `unavailable`, or with what the server has against us. */
  open(signal?: AbortSignal | undefined): Promise<Session>;
  close(): Promise<void>;
}

export function makeLink(settings: Settings): Link {
  let opening: Promise<Session> | undefined;
  let closed: Promise<void> | undefined;

  function checkOpen(): void {
    if (closed !== undefined) throw new MicroError('unavailable', 'the rabbitmq broker is closed');
  }

  async function start(): Promise<Session> {
    const connection = await connectAny(settings);
    const lost = watch(connection);
    void lost.then((reason) => {
      opening = undefined;
      if (closed === undefined) report('transport.disconnected', 'RabbitMQ', reason);
    });
    try {
      await declareExchanges(connection, settings);
      return { connection, lost, confirmed: makeConfirmed(connection, settings.timeoutMs) };
    } catch (error) {
      await end(connection, settings.timeoutMs);
      throw amqpError(error, 'the exchange');
    }
  }

  async function shut(): Promise<void> {
    const session = await opening?.catch(() => undefined); // it never was connected
    if (session !== undefined) await end(session.connection, settings.timeoutMs);
  }

  return {
    async open(signal) {
      checkOpen();
      checkSignal(signal);
      if (opening === undefined) {
        const started = start();
        opening = started;
        started.catch(() => {
          if (opening === started) opening = undefined;
        });
      }
      const session = await abortable(opening, signal);
      checkOpen();
      return session;
    },
    close() {
      closed ??= shut();
      return closed;
    },
  };
}

async function connectAny(settings: Settings): Promise<ChannelModel> {
  let failure: unknown;
  for (const node of settings.nodes) {
    try {
      return await connectTo(node, settings);
    } catch (error) {
      failure = amqpError(error, `connecting to ${node.hostname}:${node.port}`);
    }
  }
  throw failure;
}

async function connectTo(node: Node, { tls, timeoutMs, heartbeatMs }: Settings): Promise<ChannelModel> {
  return connect(
    { ...node, heartbeat: Math.max(1, Math.round(heartbeatMs / 1_000)) },
    {
      ...(tls !== undefined && tlsClientOptions(tls)),
      ...{ timeout: timeoutMs, noDelay: true, clientProperties: { connection_name: 'micro broker' } },
    },
  );
}

/** The library tells by `error` of some losses, and of others (a server that shuts down) by `close` alone. */
function watch(connection: ChannelModel): Promise<MicroError> {
  return new Promise((resolve) => {
    let reason: unknown;
    connection.on('error', (error) => {
      reason = error;
    });
    connection.on('close', (error) => {
      resolve(amqpError(reason ?? error ?? new Error('it has ended'), 'the connection is lost'));
    });
  });
}

/** Closes it; where the server does not answer, the socket goes all the same. */
async function end(connection: ChannelModel, timeoutMs: number): Promise<void> {
  try {
    await atMost(connection.close(), timeoutMs);
  } catch {
    // it was lost before: there is nothing to close
  }
  const socket: unknown = Reflect.get(connection.connection, 'stream');
  // With an error: the library heeds no other end, and would go on sending heartbeats
  if (socket instanceof Socket && !socket.destroyed) socket.destroy(new Error('closed'));
}
