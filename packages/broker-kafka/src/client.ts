import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { report } from '@micro/core';
import { tlsClientOptions } from '@micro/core/plugin';
import { Kafka, logLevel, type RetryOptions, type SASLOptions } from 'kafkajs';
import type { Settings } from './options.ts';
import { wholeAnswers } from './whole-answers.ts';

export interface Client {
  readonly kafka: Kafka;
  /**
   * Ends every socket that is left: after an outage the library's `disconnect()` leaves one open. No new one follows,
   * and the library, which cannot be interrupted between its tries, makes no more of them.
   */
  destroy(): void;
}

/** A client of the library, of which nothing outlives us. A connection that is silent for `silenceMs` is ended. */
export function makeClient(
  { brokers, tls, login, timeoutMs }: Settings,
  retry: RetryOptions,
  silenceMs: number,
): Client {
  const sockets = new Set<Socket>();
  let destroyed = false;
  const ssl = tls === undefined ? undefined : tlsClientOptions(tls);
  const kafka = new Kafka({
    ...{ clientId: 'micro', retry },
    // It asks for the servers before each new try. Without an answer it waits for ever, and holds nothing; after an
    // error it would try again, for seconds in which the process does not end
    brokers: () => (destroyed ? new Promise<never>(() => undefined) : [...brokers]),
    ...{ connectionTimeout: timeoutMs, authenticationTimeout: timeoutMs },
    // Its check of requests is a timer that it does not always clear, and the process would never end: ours is the
    // socket's, and whoever waits here has a limit
    enforceRequestTimeout: false,
    ...(ssl !== undefined && { ssl }),
    ...(login !== undefined && { sasl: login as SASLOptions }), // its type wants each mechanism for itself
    logLevel: logLevel.ERROR,
    // It writes to the console otherwise, at every rebalance
    logCreator:
      () =>
      ({ log }) =>
        report('plugin.warning', 'broker kafka', new Error(log.message)),
    socketFactory({ host, port, onConnect }) {
      if (destroyed) throw new Error('the kafka broker is closed');
      const socket =
        ssl === undefined
          ? connect({ host, port }, onConnect)
          : connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect);
      wholeAnswers(socket);
      socket.setKeepAlive(true, 60_000);
      socket.setTimeout(silenceMs); // the library listens
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket;
    },
  });
  return {
    kafka,
    destroy() {
      destroyed = true;
      // With an error: the library heeds no other end
      for (const socket of sockets) socket.destroy(new Error('closed'));
    },
  };
}
