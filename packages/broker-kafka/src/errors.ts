import { type Code, isMicroError, MicroError } from '@micro/core';

/** What the client library says, as a MicroError with the server's own words. */
export function kafkaError(cause: unknown, what: string): MicroError {
  if (isMicroError(cause)) return cause;
  const root = rootOf(cause);
  const said = root instanceof Error && root.message !== '' ? root.message : String(root);
  const reason = typeOf(root) === 'KafkaJSConnectionClosedError' ? closed : said;
  return new MicroError(codeOf(root), `kafka: ${what}: ${reason}`, { cause });
}

/** Kafka tells nothing to who comes without TLS or a login where it wants them. */
const closed = 'the server has closed the connection, as one does that wants TLS or a login';

/** The library wraps errors in those of its retries and of many topics at once: the innermost is the server's. */
function rootOf(error: unknown): unknown {
  for (let one = error, depth = 0; depth < 8; depth++) {
    if (!(one instanceof Error)) return one;
    const inner: unknown = Reflect.get(one, 'errors');
    const next: unknown = Array.isArray(inner) ? inner[0] : one.cause;
    if (!(next instanceof Error)) return one;
    one = next;
  }
  return error;
}

/** The protocol's name for an error, where it is the server's: `MESSAGE_TOO_LARGE`. */
export function typeOf(error: unknown): string {
  const root = rootOf(error);
  return root instanceof Error ? String(Reflect.get(root, 'type') ?? root.name) : '';
}

function codeOf(error: unknown): Code {
  const type = typeOf(error);
  if (type.includes('SASL')) return 'unauthorized'; // a wrong password, a mechanism that is not there
  if (type.endsWith('AUTHORIZATION_FAILED')) return 'forbidden';
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') return 'too_large';
  if (type.startsWith('INVALID_') || type === 'POLICY_VIOLATION') return 'bad_request';
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return 'not_found';
  return 'unavailable';
}
