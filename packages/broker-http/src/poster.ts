import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type Code, MicroError } from '@micro/core';
import { tlsClientOptions } from '@micro/core/plugin';
import type { Member } from './membership.ts';
import type { Settings } from './options.ts';

/** Why a message did not arrive. `no`: it cannot have reached a handler. */
export interface Failure {
  readonly error: MicroError;
  readonly delivered: 'no' | 'maybe';
}

export interface Poster {
  /** Sends a message to one member. Never rejects; undefined: the member has answered that it is done with it. */
  post(member: Member, envelope: Buffer, timeoutMs: number): Promise<Failure | undefined>;
  /** Ends what is under way, and frees the connections. */
  close(): void;
}

/** Below what our receivers (180 s) and Go's (none) allow, so that it is we who close a silent connection. */
const idleMs = 55_000;

export function makePoster({ tls, maxParallel }: Settings): Poster {
  const pool = { keepAlive: true, maxSockets: maxParallel, maxFreeSockets: maxParallel, timeout: idleMs };
  let plain: HttpAgent | undefined;
  let secure: HttpsAgent | undefined;
  const requests = new Set<ClientRequest>();
  let closed = false;

  function open(member: Member, envelope: Buffer): ClientRequest {
    const options = {
      host: member.target?.host ?? 'localhost',
      port: member.target?.port,
      method: 'POST',
      path: `/?${new URLSearchParams({ id: member.id })}`,
      headers: { 'Content-Type': 'application/json', 'Content-Length': envelope.byteLength },
    };
    if (member.secure) {
      secure ??= new HttpsAgent({ ...pool, ...(tls && tlsClientOptions(tls)) });
      return httpsRequest({ ...options, agent: secure });
    }
    plain ??= new HttpAgent(pool);
    return httpRequest({ ...options, agent: plain });
  }

  function refusal(member: Member): string | undefined {
    if (closed) return 'the broker is closed';
    if (member.target === undefined) return 'its address cannot be read';
    // With tls set, a registration alone must not be able to talk us into plain text
    if (tls !== undefined && !member.secure)
      return 'it does not speak TLS, which this broker was told to use';
    return undefined;
  }

  /** One request. `stale`: the kept connection had been closed by the peer, and nothing was sent. */
  function attempt(
    member: Member,
    envelope: Buffer,
    timeoutMs: number,
  ): Promise<Failure | 'stale' | undefined> {
    return new Promise((resolve) => {
      let sent = false;
      let answered = false;
      let outcome: Failure | 'stale' | undefined;
      const request = open(member, envelope);
      requests.add(request);
      const giveUp = (why: string): unknown => request.destroy(new Error(why));
      const connecting = setTimeout(() => {
        if (!sent) giveUp(`no connection within ${timeoutMs / 2} ms`);
      }, timeoutMs / 2);
      const waiting = setTimeout(() => giveUp(`no answer within ${timeoutMs} ms`), timeoutMs);
      request.on('socket', (socket) => {
        const send = (): void => {
          if (socket.readableEnded || socket.destroyed) giveUp('the connection was closed');
          if (request.destroyed) return;
          sent = true;
          request.end(envelope);
        };
        if (socket.connecting) socket.once(member.secure ? 'secureConnect' : 'connect', send);
        // A whole turn of the loop, in which we hear of a peer that has gone: the first one may come before the polling
        else setImmediate(() => setImmediate(send));
      });
      request.on('response', (response) => {
        answered = true;
        const bad = judge(response);
        if (bad !== undefined) outcome = failed(member, ...bad);
        response.on('error', () => undefined); // the status is all that counts, and it is here
        response.resume();
      });
      request.on('error', (error) => {
        if (answered) return;
        const stale = request.reusedSocket && !sent && !closed;
        outcome = stale
          ? 'stale'
          : failed(member, 'unavailable', error.message, sent ? 'maybe' : 'no', error);
      });
      request.on('close', () => {
        clearTimeout(connecting);
        clearTimeout(waiting);
        requests.delete(request);
        resolve(outcome);
      });
    });
  }

  return {
    async post(member, envelope, timeoutMs) {
      for (;;) {
        const refused = refusal(member);
        if (refused !== undefined) return failed(member, 'unavailable', refused, 'no');
        // Ends: each turn takes a dead connection out of the pool
        const outcome = await attempt(member, envelope, timeoutMs);
        if (outcome !== 'stale') return outcome;
      }
    },
    close() {
      closed = true;
      for (const request of requests) request.destroy(new Error('the broker is closed'));
      plain?.destroy();
      secure?.destroy();
    },
  };
}

function failed(
  { id, address }: Member,
  code: Code,
  why: string,
  delivered: Failure['delivered'],
  cause?: unknown,
): Failure {
  const text = `broker http: subscriber ${id} at ${address}: ${why}`;
  return { error: new MicroError(code, text, { cause }), delivered };
}

/** 404 and 503 are what our receivers say before a handler has seen anything; Go's say 200, whatever happened. */
function judge({ statusCode = 0 }: IncomingMessage): [Code, string, Failure['delivered']] | undefined {
  if (statusCode >= 200 && statusCode < 300) return undefined;
  if (statusCode === 404) return ['unavailable', 'it is not subscribed any more', 'no'];
  if (statusCode === 503) return ['unavailable', 'it takes no more messages', 'no'];
  if (statusCode === 413) return ['too_large', 'the message is larger than it takes', 'maybe'];
  return ['unavailable', `it answered ${statusCode}`, 'maybe'];
}
