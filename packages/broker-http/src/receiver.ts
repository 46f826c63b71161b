import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { isMicroError, MicroError, report } from '@micro/core';
import { decodeEnvelope, formatAddress, tlsServerOptions } from '@micro/core/plugin';
import type { Consumer } from './consumer.ts';
import type { Settings } from './options.ts';
import { readBody } from './read-body.ts';

export interface Receiver {
  /** By node id. */
  readonly consumers: Map<string, Consumer>;
  /** Listens, once for all, and resolves to where. Rejects with `unavailable`; the next call tries again. */
  listen(): Promise<string>;
  readonly listening: boolean;
  /** Ends connections when what was written has left, half a second later at the latest. */
  close(): Promise<void>;
}

const headTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
/** A closed connection costs a Go publisher its message (go-micro v4: broker/http.go). */
const idleMs = 180_000;
const flushMs = 500;

/** Takes messages from publishers over HTTP, ours and Go's. */
export function makeReceiver(settings: Settings): Receiver {
  const { listen: where, tls, maxIncoming, maxBodyBytes } = settings;
  const consumers = new Map<string, Consumer>();
  let server: Server | undefined;
  let opening: Promise<string> | undefined;

  /** The status of the answer; undefined: a Go publisher keeps what it cannot send, so it gets no answer. */
  async function take(request: IncomingMessage, response: ServerResponse): Promise<number | undefined> {
    if (request.method !== 'POST') return 405;
    // A web page cannot say this to a foreign host without asking first
    if (request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json')
      return 415;
    const consumer = consumers.get(idOf(request.url));
    if (consumer === undefined) return notTaken(request, 404);
    const mine = await new Promise<boolean>((resolve) => {
      response.once('close', consumer.enter(resolve));
    });
    if (!mine) return notTaken(request, 503);
    try {
      const message = decodeEnvelope(await readBody(request, maxBodyBytes));
      if (message.header['micro-topic'] !== consumer.topic)
        throw new MicroError('bad_request', 'the Micro-Topic of the message is not that of the subscriber');
      if (!consumer.active) return notTaken(request, 503);
      return (await consumer.handle(message)) ? 200 : 500;
    } catch (error) {
      const wrong = MicroError.from(error);
      consumer.onError(wrong);
      return isMicroError(wrong, 'too_large') ? 413 : 400;
    } finally {
      consumer.leave();
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const status = await take(request, response);
    if (status === undefined) {
      request.socket.destroy();
      return;
    }
    // What was not read to its end must not be taken for the next request; nor may closing overtake 404 and 503
    if (status >= 400 && status !== 404 && status !== 503) response.setHeader('Connection', 'close');
    if (status === 405) response.setHeader('Allow', 'POST');
    response.writeHead(status, { 'Content-Length': 0 }).end();
  }

  async function open(): Promise<string> {
    const onRequest: RequestListener = (request, response) => {
      answer(request, response).catch((error: unknown) => {
        report('transport.protocol_error', 'broker http', error);
        request.socket.destroy();
      });
    };
    const limits = {
      headersTimeout: headTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: idleMs,
    };
    try {
      const opened =
        tls === undefined
          ? createServer(limits, onRequest)
          : createSecureServer({ ...limits, ...tlsServerOptions(tls, headTimeoutMs) }, onRequest);
      opened.maxConnections = maxIncoming;
      server = opened;
      opened.listen({ host: where.host, port: where.port });
      await once(opened, 'listening');
      opened.on('error', (error) => report('plugin.warning', 'broker http', error));
      const bound = opened.address();
      if (bound === null || typeof bound === 'string') throw new Error('it was closed');
      return formatAddress(where.host ?? bound.address, bound.port);
    } catch (error) {
      opening = undefined;
      server = undefined;
      const text = `broker http: cannot listen on ${formatAddress(where.host ?? '', where.port)}`;
      throw new MicroError('unavailable', `${text}: ${MicroError.from(error).message}`, { cause: error });
    }
  }

  return {
    consumers,
    get listening() {
      return server?.listening === true;
    },
    listen() {
      opening ??= open();
      return opening;
    },
    async close() {
      await opening?.catch(() => undefined); // an opening that failed holds nothing
      const closing = server;
      if (closing === undefined) return;
      const closed = new Promise<void>((resolve) => {
        closing.close(() => resolve());
      });
      closing.closeIdleConnections();
      const timer = setTimeout(() => closing.closeAllConnections(), flushMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

function idOf(url = ''): string {
  const at = url.indexOf('?');
  return (at < 0 ? undefined : new URLSearchParams(url.slice(at)).get('id')) ?? '';
}

function notTaken(request: IncomingMessage, status: number): number | undefined {
  return request.headers['user-agent']?.startsWith('Go-http-client') ? undefined : status;
}
