import {
  type Acceptor,
  type Connection,
  type DialOptions,
  type Listener,
  type ListenOptions,
  MicroError,
  type Transport,
  type TransportFeature,
} from '@micro/core';
import { checkSignal } from '@micro/core/plugin';
import type { Carrier, Replies } from './carrier.ts';
import { SessionClient } from './client.ts';
import { SessionConnection } from './connection.ts';
import { SessionListener } from './listener.ts';
import { type SessionOptions, sessionSettings } from './settings.ts';

const features: ReadonlySet<TransportFeature> = new Set(['streams', 'pushback', 'cancel', 'reply-metadata']);

/** A transport over a message system. Throws `bad_request` for options that make no sense. */
export function sessionTransport(
  name: string,
  carrier: Carrier<unknown>,
  options: SessionOptions = {},
): Transport {
  const settings = sessionSettings(options);
  const listeners = new Set<SessionListener>();
  const client = new SessionClient(carrier, settings);
  const replies: Replies = {
    reply: (message) => client.reply(message),
    undelivered(session) {
      client.undelivered(session);
      for (const listener of listeners) listener.undelivered(session);
    },
    denied: (address, error) => client.denied(address, error),
    lost(error) {
      client.lost(error);
      for (const listener of listeners) listener.lost();
    },
    ended: (session, error, delivered) => client.ended(session, error, delivered),
    back() {
      client.back();
      for (const listener of listeners) listener.back();
    },
    room() {
      client.room();
      for (const listener of listeners) listener.room();
    },
  };
  client.replies = replies;
  let closing: Promise<void> | undefined;
  const refuseClosed = (): void => {
    if (closing !== undefined) throw new MicroError('unavailable', `the ${name} transport is closed`);
  };

  async function end(): Promise<void> {
    client.close();
    await Promise.all([...listeners].map((listener) => listener.close()));
    await carrier.close();
  }

  return {
    name,
    features,
    carries: 'bytes',

    async listen(acceptor: Acceptor, { address, signal }: ListenOptions): Promise<Listener> {
      refuseClosed();
      checkSignal(signal);
      const wanted = address === undefined || address.endsWith(':0') ? undefined : address;
      if (wanted !== undefined) carrier.checkAddress(wanted);
      await carrier.connect(replies, signal);
      const listener = new SessionListener(carrier, settings, acceptor, () => listeners.delete(listener));
      listeners.add(listener);
      try {
        await listener.start(carrier, wanted, signal);
        refuseClosed();
        checkSignal(signal);
        return listener;
      } catch (error) {
        await listener.close();
        throw error;
      }
    },

    dial(address: string, options: DialOptions): Connection {
      carrier.checkAddress(address);
      const connection = new SessionConnection(client, address, options);
      if (closing !== undefined) connection.destroy();
      return connection;
    },

    close(): Promise<void> {
      closing ??= end();
      return closing;
    },
  };
}
