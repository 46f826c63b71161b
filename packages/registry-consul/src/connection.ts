import { EventEmitter, setMaxListeners } from 'node:events';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { abortable, checkSignal, isObject, newTurns, tlsClientOptions } from '@micro/core/plugin';
import Consul from 'consul';
import { closedError, consulError } from './errors.ts';
import type { Settings } from './options.ts';
import { wholeAnswers } from './whole-answers.ts';

/** Consul's answer, unread. */
export interface Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** What the library wants to know of each request: in what the answer comes, and how it is ended. */
interface RequestOptions {
  readonly ctx: EventEmitter;
  /** In ms. */
  readonly timeout: number;
}

/** The agent beside us, by HTTP. */
export interface Connection {
  /** One short request. Rejects with a MicroError. */
  request(run: (client: Consul, options: RequestOptions) => Promise<unknown>): Promise<Answer>;
  /**
   * One that Consul may hold for `waitMs`, on a socket of its own, until the signal aborts. Where more are wanted at
   * once than `watchConnections`, they take turns of a second.
   */
  hold(
    run: (client: Consul, options: RequestOptions, waitMs: number) => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<Answer>;
  readonly closed: AbortSignal;
  close(): void;
}

/** Consul takes 200 connections from one address by default (limits.http_max_conns_per_client); most are for watches. */
const requestsAtOnce = 16;
/** How long Consul holds a request in whose place another waits. */
const turnMs = 1_000;

export function newConnection(settings: Settings): Connection {
  const { host, port, tls, token, datacenter, timeoutMs, waitMs, watchConnections } = settings;
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one for each wait under way
  const agents: (HttpAgent | HttpsAgent)[] = [];

  function newClient(maxSockets: number): Consul {
    const keep = { keepAlive: true, maxSockets };
    const agent =
      tls === undefined ? new HttpAgent(keep) : new HttpsAgent({ ...keep, ...tlsClientOptions(tls) });
    agents.push(agent);
    const defaults = {
      ...(token !== undefined && { token }),
      ...(datacenter !== undefined && { dc: datacenter }),
    };
    const named = host.includes(':') ? `[${host}]` : host;
    const client = new Consul({ host: named, port, secure: tls !== undefined, agent, defaults });
    wholeAnswers(client);
    return client;
  }
  const requests = newClient(requestsAtOnce);
  const turns = newTurns(requestsAtOnce);
  const watches = newClient(watchConnections);
  const holds = newTurns(watchConnections);
  let wanted = 0;

  async function send(
    client: Consul,
    run: (client: Consul, options: RequestOptions) => Promise<unknown>,
    timeout: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (closing.signal.aborted) throw closedError();
    const ctx = Object.assign(new EventEmitter(), { includeResponse: true });
    const cancel = (): void => void ctx.emit('cancel');
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return readAnswer(await abortable(run(client, { ctx, timeout }), signal));
    } catch (error) {
      throw consulError(error);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  return {
    request: (run) => turns(() => send(requests, run, timeoutMs, closing.signal)),
    async hold(run, signal) {
      wanted++;
      const turn = async (): Promise<Answer> => {
        checkSignal(signal); // it may have waited
        const heldMs = wanted > watchConnections ? Math.min(turnMs, waitMs) : waitMs;
        // Consul adds up to a sixteenth to the wait, so that not all come back at once.
        const limitMs = heldMs + heldMs / 16 + timeoutMs;
        return send(watches, (client, options) => run(client, options, heldMs), limitMs, signal);
      };
      return abortable(holds(turn), signal).finally(() => {
        wanted--;
      });
    },
    closed: closing.signal,
    close() {
      closing.abort(closedError());
      for (const agent of agents) agent.destroy();
    },
  };
}

/** With a context, the library resolves with the response and what it has read of it. */
function readAnswer(answer: unknown): Answer {
  // What is no such pair is an error of another realm (a test runner's), which the library does not know for one.
  if (!Array.isArray(answer)) throw consulError(answer);
  const [response, body]: readonly unknown[] = answer;
  const headers = isObject(response) && isObject(response.headers) ? response.headers : {};
  return { headers, body };
}
