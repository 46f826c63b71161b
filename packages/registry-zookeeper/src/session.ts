import { EventEmitter, once, setMaxListeners } from 'node:events';
import type { MicroError } from '@micro/core';
import { abortable, newTurns } from '@micro/core/plugin';
import { type Client, createClient } from 'node-zookeeper-client';
import { closedError, unavailable, zookeeperError } from './errors.ts';
import { socketOf, wholeAnswers } from './internals.ts';
import type { Settings } from './options.ts';

type Done<T> = (error: unknown, result: T) => void;

/** The session with ZooKeeper. The first use opens it; one that has expired is followed by a new one. */
export interface Session {
  /** What ZooKeeper answers. Rejects with a MicroError: while there is no connection, too. */
  request<T>(run: (client: Client, done: Done<T>) => void): Promise<T>;
  /** The session's id: nodes that it owns have it. */
  id(): Buffer;
  /** Calls the listener once when what was watched may have been missed, until the returned function is called. */
  onLost(listener: (error: MicroError) => void): () => void;
  readonly closed: AbortSignal;
  close(): Promise<void>;
}

/** Requests under way; more wait, so that the time of each begins when it is sent. */
const requestsAtOnce = 256;
/** Between two connections, and between two sessions. */
const spinDelayMs = 200;
/** How long a server may take to say that the session is closed. */
const closeWithinMs = 1_000;

export function newSession(settings: Settings): Session {
  const { servers, login, sessionTimeoutMs, timeoutMs, root } = settings;
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one for each wait under way
  const turns = newTurns(requestsAtOnce);
  const events = new EventEmitter().setMaxListeners(0);
  let client: Client | undefined;
  let isConnected = false;
  let losing: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;

  function open(): Client {
    const opened = createClient(servers, {
      sessionTimeout: sessionTimeoutMs,
      spinDelay: spinDelayMs,
      retries: 0,
    });
    wholeAnswers(opened);
    // One that was given up still tells of its end.
    const isOurs = (): boolean => client === opened;
    opened.on('connected', () => {
      if (!isOurs()) return;
      isConnected = true;
      clearTimeout(losing);
      events.emit('connected');
    });
    opened.on('disconnected', () => {
      if (closing.signal.aborted) events.emit('disconnected');
      if (!isOurs()) return;
      isConnected = false;
      clearTimeout(losing);
      losing = setTimeout(lose, timeoutMs, unavailable('the connection is lost')).unref();
    });
    // The library stays as it is then, and calls that were under way never end.
    opened.on('expired', () => {
      if (!isOurs()) return;
      isConnected = false;
      clearTimeout(losing);
      client = undefined;
      socketOf(opened)?.destroy();
      losing = setTimeout(again, spinDelayMs).unref();
      lose(unavailable('the session has expired'));
    });
    if (login !== undefined) opened.addAuthInfo('digest', Buffer.from(login)); // with each connection, from now on
    opened.connect();
    return opened;
  }

  /** For those who wait already: a use would open it, too. */
  function again(): void {
    client ??= open();
  }

  function lose(error: MicroError): void {
    events.emit('lost', error);
  }

  async function connected(): Promise<Client> {
    client ??= open();
    // What is asked without a connection would be sent later, when nobody waits for it any more.
    if (!isConnected) {
      const signal = AbortSignal.timeout(timeoutMs);
      await once(events, 'connected', { signal }).catch(() => {
        reconnect();
        throw unavailable(`no connection to ${servers} within ${timeoutMs} ms`);
      });
    }
    return client;
  }

  /** For a socket on which nobody answers: the library would wait for ever. It tries the next server, with the session. */
  function reconnect(): void {
    if (client !== undefined) socketOf(client)?.destroy();
  }

  function ask<T>(asked: Client, run: (client: Client, done: Done<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(unavailable(`no answer within ${timeoutMs} ms`));
      const limit = setTimeout(late, timeoutMs);
      run(asked, (error, result) => {
        clearTimeout(limit);
        if (error) reject(zookeeperError(error));
        else resolve(result);
      });
    });
  }

  async function request<T>(run: (client: Client, done: Done<T>) => void): Promise<T> {
    if (closing.signal.aborted) throw closedError();
    return abortable(
      turns(async () => ask(await connected(), run)),
      closing.signal,
    );
  }

  /** The library does not notice a server that has gone silent. */
  function beat(): void {
    if (!isConnected) return; // that is noticed
    request<unknown>((asked, done) => asked.exists(root, done)).catch((error: unknown) => {
      lose(zookeeperError(error));
      reconnect();
    });
  }

  return {
    request,
    id: () => client?.getSessionId() ?? Buffer.alloc(8),
    onLost(listener) {
      events.once('lost', listener);
      heartbeat ??= setInterval(beat, timeoutMs).unref();
      return () => {
        events.off('lost', listener);
        if (events.listenerCount('lost') > 0) return;
        clearInterval(heartbeat);
        heartbeat = undefined;
      };
    },
    closed: closing.signal,
    async close() {
      if (closing.signal.aborted) return;
      closing.abort(closedError());
      clearTimeout(losing);
      clearInterval(heartbeat);
      const ended = client;
      client = undefined;
      if (ended === undefined) return;
      const gone = once(events, 'disconnected', { signal: AbortSignal.timeout(closeWithinMs) });
      ended.close();
      // A server that is silent does not answer to this either, and the library would wait for it for ever.
      if (isConnected) await gone.catch(() => {});
      else gone.catch(() => {});
      clearTimeout(losing);
      socketOf(ended)?.destroy();
    },
  };
}
