import { MicroError } from '@micro/core';
import { isObject } from '@micro/core/plugin';
import { type ApiError, JetStreamError, NoResponders, notEnabled } from './errors.ts';
import type { Sessions } from './session.ts';

/** JetStream's API: JSON requests and replies on subjects (NATS ADR-1 and ADR-15). */
export interface JetStream {
  /** What subjects of the API begin with. */
  readonly prefix: string;
  /** Rejects with a `JetStreamError`, or with `unimplemented` when the server has no JetStream. */
  ask(path: string, request: object): Promise<Readonly<Record<string, unknown>>>;
}

export function makeJetStream(sessions: Sessions, domain: string | undefined): JetStream {
  const prefix = domain === undefined ? '$JS.API' : `$JS.${domain}.API`;
  return {
    prefix,
    async ask(path, request) {
      const { client, requests } = await sessions.open();
      try {
        const reply = await requests.send(`${prefix}.${path}`, JSON.stringify(request));
        return readReply(reply, path);
      } catch (error) {
        if (!isOff(error, client.info?.jetstream)) throw error;
        throw new MicroError(
          'unimplemented',
          'nats: there is no JetStream, on this server or for this account: enable it (-js), or do without (jetstream: false)',
          { cause: error },
        );
      }
    },
  };
}

function isOff(error: unknown, announced: boolean | undefined): boolean {
  if (error instanceof JetStreamError) return notEnabled.has(error.reason);
  return error instanceof NoResponders && announced !== true; // announced: it has not started yet
}

/** Reads a reply of the API, or a stream's confirmation. Throws what the server says against the request. */
export function readReply(reply: Uint8Array, what: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(reply));
  } catch (cause) {
    throw new MicroError('unavailable', `nats: ${what}: the answer is not JSON`, { cause });
  }
  if (!isObject(json)) throw new MicroError('unavailable', `nats: ${what}: the answer is no object`);
  if (isApiError(json.error)) throw new JetStreamError(what, json.error);
  return json;
}

function isApiError(error: unknown): error is ApiError {
  return isObject(error) && typeof error.code === 'number';
}

export const nanoseconds = (ms: number): number => Math.round(ms * 1_000_000);
