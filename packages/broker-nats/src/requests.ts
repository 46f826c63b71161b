import { MicroError } from '@micro/core';
import { natsError } from '@micro/nats';
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { NoResponders } from './errors.ts';

/**
 * Requests and their replies. The library has such a table too, but with a timer and a stack trace for each, and what
 * it asked before a connection was lost waits there until its time is up; here all of that is told at once.
 */
export interface Requests {
  /** The reply. Rejects with `unavailable` when there is none in time, `NoResponders` when nobody is asked. */
  send(subject: string, payload: Uint8Array | string, headers?: MsgHdrs): Promise<Uint8Array>;
  /** Rejects what waits for a reply, all or that of one subject. */
  fail(error: MicroError, subject?: string): void;
}

interface Pending {
  readonly subject: string;
  readonly dueAt: number;
  readonly resolve: (reply: Uint8Array) => void;
  readonly reject: (error: MicroError) => void;
}

const sweepMs = 250;

export function makeRequests(client: NatsConnection, timeoutMs: number): Requests {
  const inbox = `${createInbox()}.`;
  const pending = new Map<string, Pending>(); // in the order of their time
  let last = 0;
  let sweeper: NodeJS.Timeout | undefined;

  function settle(token: string): Pending | undefined {
    const found = pending.get(token);
    pending.delete(token);
    if (pending.size === 0) sweeper = void clearInterval(sweeper);
    return found;
  }

  function sweep(): void {
    const time = performance.now();
    for (const [token, { dueAt, subject }] of pending) {
      if (dueAt > time) return;
      const late = `nats: no answer to ${subject} within ${timeoutMs} ms`;
      settle(token)?.reject(new MicroError('unavailable', late));
    }
  }

  function reply(error: Error | null, msg: Msg): void {
    if (error !== null) {
      fail(natsError(error, 'the subscription of replies'));
      return;
    }
    const found = settle(msg.subject.slice(inbox.length));
    if (found === undefined) return; // late: it was told as lost
    if (msg.data.byteLength === 0 && msg.headers?.code === 503)
      found.reject(new NoResponders('unavailable', `nats: nobody answers at ${found.subject}`));
    else found.resolve(msg.data);
  }

  function fail(error: MicroError, subject?: string): void {
    for (const [token, one] of pending)
      if (subject === undefined || one.subject === subject) settle(token)?.reject(error);
  }

  client.subscribe(`${inbox}*`, { callback: reply });
  return {
    fail,
    send(subject, payload, headers) {
      const token = (++last).toString(36);
      return new Promise((resolve, reject) => {
        client.publish(subject, payload, { reply: inbox + token, ...(headers && { headers }) });
        pending.set(token, { subject, dueAt: performance.now() + timeoutMs, resolve, reject });
        sweeper ??= setInterval(sweep, sweepMs);
      });
    },
  };
}
