import { type Code, isMicroError, MicroError } from '@micro/core';
import { isObject } from '@micro/core/plugin';
import { errors } from '@nats-io/transport-node';

/**
 * What the client library says, as a MicroError with the server's own words: `unauthorized`, `forbidden`,
 * `bad_request`, else `unavailable`.
 */
export function natsError(cause: unknown, what: string): MicroError {
  if (isMicroError(cause)) return cause;
  const { message } = isObject(cause) ? cause : {};
  const reason = typeof message === 'string' && message !== '' ? message : String(cause);
  return new MicroError(codeOf(cause), `nats: ${what}: ${reason}`, { cause });
}

function codeOf(cause: unknown): Code {
  if (cause instanceof errors.AuthorizationError) return 'unauthorized';
  if (cause instanceof errors.UserAuthenticationExpiredError) return 'unauthorized';
  if (cause instanceof errors.PermissionViolationError) return 'forbidden';
  const refused = cause instanceof errors.InvalidArgumentError || cause instanceof errors.InvalidSubjectError;
  return refused ? 'bad_request' : 'unavailable';
}
