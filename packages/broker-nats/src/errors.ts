import { type Code, MicroError } from '@micro/core';

/** Nobody listens where a request went: JetStream is off, or has not started, or the stream is gone. */
export class NoResponders extends MicroError {}

/** An error in the JSON of JetStream's API. `reason` is its own number (server/errors.json of nats-server). */
export class JetStreamError extends MicroError {
  readonly reason: number;

  constructor(what: string, { code, err_code = 0, description = 'unknown' }: ApiError) {
    super(codeOfApi(code, err_code), `nats: ${what}: ${description} (${err_code})`);
    this.reason = err_code;
  }
}

export interface ApiError {
  readonly code: number;
  readonly err_code?: number;
  readonly description?: string;
}

const tooLarge = 10_054; // JSStreamMessageExceedsMaximumErr
export const notEnabled: ReadonlySet<number> = new Set([10_039, 10_076]); // for the account, on the server

function codeOfApi(status: number, reason: number): Code {
  if (reason === tooLarge) return 'too_large';
  if (status === 400) return 'bad_request';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  return 'unavailable'; // 5xx: no leader, no room, starting
}
