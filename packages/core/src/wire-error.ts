import { type Code, MicroError, type MicroErrorOptions, remoteError, statusOf } from './errors.ts';

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};
const codes = new Map<number, Code>(Object.entries(statusOf).map(([code, status]) => [status, code as Code]));

/** The code for a number off the wire: its own, else the nearest meaning. */
export function codeOf(status: number): Code {
  return codes.get(status) ?? (status >= 400 && status < 500 ? 'bad_request' : 'internal');
}

/**
 * go-micro's `errors.Error` as JSON in ASCII, empty fields left out (go-micro v4: errors/errors.go). A message that
 * makes it longer than `maxLength` is cut.
 */
export function encodeError(error: MicroError, maxLength: number = Number.POSITIVE_INFINITY): string {
  const text = encoded(error);
  if (text.length <= maxLength) return text;
  const short = `${error.message.slice(0, maxLength / 8)}...`;
  return encoded(new MicroError(error.code, short, { id: error.id.slice(0, 256), status: error.status }));
}

function encoded({ id, status, message }: MicroError): string {
  const text = JSON.stringify({
    id: id || undefined,
    code: status || undefined,
    detail: message || undefined,
    status: reasons[status],
  });
  // what is not printable ASCII is escaped: it may travel in a header
  return text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Go's `int32`, the type of the number there. */
const mostStatus = 2 ** 31 - 1;

/** Reads such a text; anything else is an `internal` error with the whole text as its message, as Go parses it. */
export function decodeError(text: string): MicroError {
  let fields: { id?: unknown; code?: unknown; detail?: unknown } | null = null;
  try {
    fields = JSON.parse(text);
  } catch {
    // Go sends plain texts too: what is no JSON is the message itself
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    return remoteError('internal', text);
  const { code } = fields;
  const known = typeof code === 'number' && Number.isInteger(code) && code > 0 && code <= mostStatus;
  const status = known ? code : 500;
  const options: MicroErrorOptions = { id: typeof fields.id === 'string' ? fields.id : '', status };
  return remoteError(codeOf(status), typeof fields.detail === 'string' ? fields.detail : '', options);
}
