import { AmqpLink } from '@micro/amqp';
import { MicroError } from '@micro/core';
import type { ChannelModel } from 'amqplib';
import { type Confirmed, makeConfirmed } from './confirmed.ts';
import { declareExchanges } from './exchanges.ts';
import type { RabbitmqBrokerOptions, Settings } from './options.ts';

/** A connection, and its channel for what must be confirmed. */
export interface Session {
  readonly connection: ChannelModel;
  readonly confirmed: Confirmed;
  /** Resolves, with the reason, when the connection is lost. */
  readonly lost: Promise<MicroError>;
}

/** The session of the broker's one connection. */
export interface Sessions {
  /** Undefined while there is no connection. */
  readonly current: Session | undefined;
  /** Connects, where that is still to be done. Rejects with `unavailable` while the connection is lost. */
  open(signal?: AbortSignal | undefined): Promise<Session>;
  close(): Promise<void>;
}

/** Throws `bad_request` for options that make no sense. */
export function makeSessions(options: RabbitmqBrokerOptions, settings: Settings): Sessions {
  let session: Session | undefined;
  let lose: (reason: MicroError) => void = () => {};
  const link = new AmqpLink(options, 'micro broker', {
    async prepare(connection) {
      await declareExchanges(connection, settings);
      const lost = new Promise<MicroError>((resolve) => {
        lose = resolve;
      });
      session = { connection, lost, confirmed: makeConfirmed(connection, settings.timeoutMs) };
    },
    lost: (reason) => lose(reason),
    back() {}, // who has lost something asks until it is there
  });

  const current = (): Session | undefined => {
    return link.connection !== undefined && link.connection === session?.connection ? session : undefined;
  };
  return {
    get current() {
      return current();
    },
    async open(signal) {
      await link.connect(signal);
      const opened = current();
      if (opened === undefined) throw new MicroError('unavailable', 'rabbitmq: the connection is lost');
      return opened;
    },
    close: () => link.close(),
  };
}
