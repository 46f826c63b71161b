import type { BoundCodec, Codec } from './codec.ts';
import { MicroError } from './errors.ts';
import { definePlugin } from './plugins.ts';

export interface JsonCodecOptions {
  /** Texts nested deeper are refused. @default 512 */
  readonly maxDepth?: number | undefined;
}

/**
 * JSON, go-micro's default. Writes `{}` for `undefined`, because a Go client takes an empty reply for an error,
 * and reads an empty body as `undefined`. Bytes and bigints inside a message do not survive: it says so in its
 * features, and refuses the bigint with `bad_request`. Keys named `__proto__` are left out of what it reads.
 * A schema can say how its messages look in JSON, by the member `~json` (`JsonForm`).
 */
export function jsonCodec(options: JsonCodecOptions = {}): Codec {
  const { maxDepth = 512 } = options;
  if (!Number.isSafeInteger(maxDepth) || maxDepth < 1) {
    throw new MicroError('bad_request', `maxDepth must be a positive integer, not ${maxDepth}`);
  }
  // A level takes two characters at least, so a text up to here cannot nest too deep.
  const shallow = 2 * maxDepth + 1;
  const bound: BoundCodec = {
    encode(message) {
      if (message === undefined) return '{}';
      if (message instanceof Uint8Array) return message;
      let text: string | undefined;
      try {
        text = JSON.stringify(message);
      } catch (error) {
        throw unwritable(error);
      }
      if (text === undefined) throw new MicroError('bad_request', `a ${typeof message} has no JSON`);
      return text;
    },
    decode(body) {
      if (body.length === 0) return undefined;
      const text = typeof body === 'string' ? body : textOf(body);
      if (text.length > shallow) checkDepth(text, maxDepth);
      let message: unknown;
      try {
        message = JSON.parse(text);
      } catch (error) {
        // V8 names the position, or quotes ten characters on either side of it
        throw new MicroError(
          'bad_request',
          `invalid JSON: ${error instanceof Error ? error.message : error}`,
          { cause: error },
        );
      }
      if (mayNamePrototype(text)) dropPrototypes(message);
      return message;
    },
  };
  return {
    name: 'json',
    features: new Set(),
    contentTypes: ['application/json'],
    text: true,
    bind: (schema) => (hasForm(schema) ? formed(bound, schema['~json']) : bound),
  };
}

/** JSON of a schema's own: `write` gives what is to be text, `read` a message that has passed the schema. */
export interface JsonForm {
  readonly write: (message: unknown) => unknown;
  /** Changes the text before it is parsed: JSON has what `JSON.parse` cannot say, as integers beyond 2^53. */
  readonly prepare?: ((text: string) => string) | undefined;
  /** `undefined` is an empty body. Throws `bad_request` for what is no message. */
  readonly read: (json: unknown) => unknown;
}

function hasForm(schema: unknown): schema is { readonly '~json': JsonForm } {
  // A schema may be a function (arktype)
  return schema !== null && schema !== undefined && Object.hasOwn(Object(schema), '~json');
}

function formed({ encode, decode }: BoundCodec, { write, prepare, read }: JsonForm): BoundCodec {
  return {
    checked: true,
    encode: (message) =>
      message instanceof Uint8Array ? message : encode(write(message === undefined ? {} : message)),
    decode: (body) =>
      read(decode(prepare === undefined ? body : prepare(typeof body === 'string' ? body : textOf(body)))),
  };
}

function unwritable(error: unknown): MicroError {
  // What a toJSON of the application throws on purpose keeps its meaning.
  if (!(error instanceof TypeError)) return MicroError.from(error, 'bad_request');
  const reason = error.message.includes('BigInt')
    ? 'it has a bigint: send it as a string, or use a codec with int64'
    : error.message;
  return new MicroError('bad_request', `the message has no JSON: ${reason}`, { cause: error });
}

// ignoreBOM keeps the mark in the text, where JSON.parse refuses it, as Go does
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new MicroError('bad_request', 'the JSON text is not valid UTF-8', { cause: error });
  }
}

const quote = 0x22;
const backslash = 0x5c;

/** Counts brackets outside strings, and jumps over strings: linear, and cheap where texts are long strings. */
function checkDepth(text: string, maxDepth: number): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === quote) {
      at = endOfString(text, at);
      if (at < 0) return; // unterminated: JSON.parse says where
      // '[' is 0x5b and '{' 0x7b, ']' 0x5d and '}' 0x7d
    } else if ((char | 0x20) === 0x7b) {
      if (++depth > maxDepth)
        throw new MicroError('bad_request', `the JSON text nests deeper than ${maxDepth} levels`);
    } else if ((char | 0x20) === 0x7d) depth--;
  }
}

function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return end;
    let slash = end - 1;
    while (text.charCodeAt(slash) === backslash) slash--;
    // An even number of backslashes before it escapes backslashes, not the quote.
    if ((end - slash) % 2 === 1) return end;
  }
}

/** Whether a key can be `__proto__`, in any spelling: each of its letters has one escape only, `\u00XX`. */
function mayNamePrototype(text: string): boolean {
  return text.includes('__proto__') || (text.includes('\\u00') && /\\u00(?:5f|6f|7[024])/i.test(text));
}

/** `JSON.parse` makes it an own property; a later copy (`target[key] = value`) would make it the prototype. */
function dropPrototypes(message: unknown): void {
  const open: unknown[] = [message];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__');
    for (const child of Object.values(value))
      if (typeof child === 'object' && child !== null) open.push(child);
  }
}

definePlugin('codec', 'json', { package: '@micro/core', create: jsonCodec });
