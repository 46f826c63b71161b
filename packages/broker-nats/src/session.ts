import type { MicroError } from '@micro/core';
import { type NatsLink, natsError } from '@micro/nats';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { type Flush, makeFlush } from './flush.ts';
import { makeRequests, type Requests } from './requests.ts';

/** A connection, and what is waited for on it. */
export interface Session {
  readonly client: NatsConnection;
  readonly requests: Requests;
  readonly flush: Flush;
}

/** The session of the broker's one connection. */
export interface Sessions {
  /** Undefined while there is no connection. */
  readonly current: Session | undefined;
  /** Connects, where that is still to be done. Rejects with `unavailable` while the connection is lost. */
  open(signal?: AbortSignal | undefined): Promise<Session>;
  /** Tells of each loss, until the returned function is called. */
  onLost(listener: (error: MicroError) => void): () => void;
  close(): Promise<void>;
}

export function makeSessions(link: NatsLink, timeoutMs: number): Sessions {
  let session: Session | undefined;
  // What was asked is not asked again: whoever waits is told at once, and not when its time is up
  const unlisten = link.onChange((lost) => lost && session?.requests.fail(lost));

  /** A refusal comes by itself, naming only a subject: it is brought to those who wait for an answer there. */
  async function follow({ client, requests, flush }: Session): Promise<void> {
    for await (const status of client.status()) {
      if (status.type !== 'error' || !(status.error instanceof errors.PermissionViolationError)) continue;
      const { error } = status;
      const refused = natsError(error, error.operation);
      requests.fail(refused, error.subject);
      flush.refuse(refused, error.subject);
    }
  }

  return {
    get current() {
      return link.connection === session?.client ? session : undefined;
    },
    async open(signal) {
      const client = await link.connect(signal);
      if (session?.client !== client) {
        session = { client, requests: makeRequests(client, timeoutMs), flush: makeFlush(client) };
        void follow(session); // ends with the client
      }
      return session;
    },
    onLost: (listener) => link.onChange((lost) => lost && listener(lost)),
    async close() {
      unlisten();
      await link.close();
      session?.requests.fail(natsError(new errors.ClosedConnectionError(), 'closed'));
    },
  };
}
