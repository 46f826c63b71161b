import { type Code, isMicroError, MicroError } from '@micro/core';
import { isObject } from '@micro/core/plugin';

/**
 * What the client library says, as a MicroError with the server's own words, by the reply codes of AMQP 0-9-1:
 * `unauthorized`, `forbidden`, `not_found`, `too_large`, `precondition_failed`, else `unavailable`.
 */
export function amqpError(cause: unknown, what: string): MicroError {
  if (isMicroError(cause)) return cause;
  const { message } = isObject(cause) ? cause : {};
  const reason = typeof message === 'string' && message !== '' ? message : String(cause);
  return new MicroError(codeOf(cause, reason), `rabbitmq: ${what}: ${reason}`, { cause });
}

function codeOf(cause: unknown, reason: string): Code {
  const { code } = isObject(cause) ? cause : {};
  // a refused login comes as a handshake that ends, with its number in words only
  if (code === 403 || /\b403\b/.test(reason))
    return /login|authenticat/i.test(reason) ? 'unauthorized' : 'forbidden';
  if (code === 404) return 'not_found';
  if (code === 406) return /message size/i.test(reason) ? 'too_large' : 'precondition_failed';
  return 'unavailable';
}
