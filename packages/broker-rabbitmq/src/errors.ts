import { type Code, isMicroError, MicroError } from '@micro/core';

/** What the client library says, as a MicroError with the server's own words. */
export function amqpError(cause: unknown, what: string): MicroError {
  if (isMicroError(cause)) return cause;
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : String(cause);
  return new MicroError(codeOf(cause, reason), `rabbitmq: ${what}: ${reason}`, { cause });
}

// Reply codes of AMQP 0-9-1; RabbitMQ has only words for some of what it refuses
function codeOf(cause: unknown, reason: string): Code {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  if (code === 403 || /\b403\b/.test(reason))
    return /login|authenticat/i.test(reason) ? 'unauthorized' : 'forbidden';
  if (code === 406) return /message size/i.test(reason) ? 'too_large' : 'precondition_failed';
  if (code === 404) return 'not_found';
  return 'unavailable';
}
