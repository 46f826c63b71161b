import { MicroError } from '@micro/core';
import { natsError } from '@micro/nats';
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { nanoseconds } from './jetstream.ts';

/**
 * Asks a consumer for as many messages as there is room for, never more: what is asked for comes without being asked
 * again, and its time to be acknowledged runs from then. (The library's own `consume()` keeps a buffer of its own.)
 */
export interface Pulls {
  /** Messages asked for that have not come. */
  readonly asked: number;
  pull(subject: string, count: number): void;
  /** Forgets what was asked for: the connection, or the consumer, is lost. */
  forget(): void;
  /** Tells by `onLost` of a server that has fallen silent. To be called now and then. */
  check(): void;
  /** Resolves when nothing can come any more; until then messages still do. */
  end(up: boolean): Promise<void>;
}

export interface PullsOptions {
  readonly onMessage: (msg: Msg) => void;
  /** A pull is over, without all its messages. */
  readonly onOver: () => void;
  /** The consumer does not answer, or is gone. */
  readonly onLost: (error: MicroError) => void;
}

const expiresMs = 30_000;
const heartbeatMs = 5_000;
const silentMs = 3 * heartbeatMs;
/** Statuses that end a pull as it should end: not enough came in time. */
const uneventful: ReadonlySet<number> = new Set([404, 408]);

interface Pull {
  left: number;
  heardAt: number;
}

export function makePulls(client: NatsConnection, options: PullsOptions): Pulls {
  const { onMessage, onOver, onLost } = options;
  const inbox = `${createInbox()}.`;
  const open = new Map<string, Pull>();
  let asked = 0;
  let last = 0;

  function end(token: string): void {
    asked -= open.get(token)?.left ?? 0;
    open.delete(token);
  }

  function heard(error: Error | null, msg: Msg): void {
    if (error !== null) {
      onLost(natsError(error, 'the subscription'));
      return;
    }
    const status = msg.headers?.code ?? 0;
    if (status === 0) {
      count();
      onMessage(msg);
      return;
    }
    const token = msg.subject.slice(inbox.length);
    const pull = open.get(token);
    if (pull === undefined) return; // it was forgotten
    if (status === 100) pull.heardAt = performance.now();
    else {
      end(token);
      if (uneventful.has(status)) onOver();
      else onLost(new MicroError('unavailable', `nats: the stream: ${msg.headers?.description || status}`));
    }
  }

  /** A message bears the subject it was published to, not that of its pull: the server serves the oldest first. */
  function count(): void {
    const [oldest] = open;
    if (oldest === undefined) return;
    const [token, pull] = oldest;
    asked--;
    pull.left--;
    pull.heardAt = performance.now();
    if (pull.left === 0) open.delete(token);
  }

  const subscription: Subscription = client.subscribe(`${inbox}*`, { callback: heard });
  return {
    get asked() {
      return asked;
    },
    pull(subject, count) {
      const token = (++last).toString(36);
      open.set(token, { left: count, heardAt: performance.now() });
      asked += count;
      const request = {
        batch: count,
        expires: nanoseconds(expiresMs),
        idle_heartbeat: nanoseconds(heartbeatMs),
      };
      client.publish(subject, JSON.stringify(request), { reply: inbox + token });
    },
    forget() {
      open.clear();
      asked = 0;
    },
    check() {
      const silent = performance.now() - silentMs;
      if ([...open.values()].some(({ heardAt }) => heardAt < silent))
        onLost(new MicroError('unavailable', `nats: the stream has been silent for ${silentMs} ms`));
    },
    async end(up) {
      if (up) await subscription.drain();
      else subscription.unsubscribe();
    },
  };
}
