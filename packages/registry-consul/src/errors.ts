import { type Code, isMicroError, MicroError } from '@micro/core';
import { isObject } from '@micro/core/plugin';

/** After `close()`. */
export function closedError(): MicroError {
  return new MicroError('unavailable', 'registry consul: closed');
}

/** What the client library has thrown: with Consul's own reason, which is in the answer's body alone. */
export function consulError(error: unknown): MicroError {
  if (isMicroError(error)) return error;
  const status = statusOf(error);
  const reason = bodyOf(error) ?? (isObject(error) ? String(error.message) : String(error));
  return new MicroError(codeOf(status, reason), `registry consul: ${reason}`, { cause: error });
}

/** The HTTP status of Consul's refusal; undefined when it has not answered. */
export function statusOf(error: unknown): number | undefined {
  return isObject(error) && typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

const codes: ReadonlyMap<number, Code> = new Map<number, Code>([
  [400, 'bad_request'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [413, 'too_large'],
  [429, 'overloaded'],
]);

function codeOf(status: number | undefined, reason: string): Code {
  if (reason.includes('ACL not found')) return 'unauthorized'; // a token that Consul does not know
  return codes.get(status ?? 0) ?? 'unavailable';
}

function bodyOf(error: unknown): string | undefined {
  const response = isObject(error) ? error.response : undefined;
  const body = isObject(response) ? response.body : undefined;
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? String(body).trim() : '';
  return text === '' ? undefined : text;
}
