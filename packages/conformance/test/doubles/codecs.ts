import { type BoundCodec, type Codec, jsonCodec, MicroError } from '@micro/core';
import type { CodecHarness } from '../../src/index.ts';
import type { Double } from './double.ts';

type Break = (inner: BoundCodec) => Partial<BoundCodec>;

export const honestCodec: CodecHarness = { name: 'json', features: new Set(), create: () => jsonCodec() };

function double(
  name: string,
  caughtBy: string,
  broken: Break,
  more: Partial<Codec> = {},
): Double<CodecHarness> {
  const create = (): Codec => {
    const inner = jsonCodec();
    return {
      ...inner,
      ...more,
      bind(schema) {
        const bound = inner.bind(schema);
        return { ...bound, ...broken(bound) };
      },
    };
  };
  return { name, caughtBy, harness: { ...honestCodec, name, create } };
}

function textOf(body: string | Uint8Array): string {
  return typeof body === 'string' ? body : Buffer.from(body).toString();
}

function parse(body: string | Uint8Array): unknown {
  try {
    return JSON.parse(textOf(body) || 'null');
  } catch (error) {
    throw new MicroError('bad_request', 'no JSON', { cause: error });
  }
}

/** As careless code copies. */
function rebuilt(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(rebuilt);
  const copy: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) copy[key] = rebuilt(child);
  return copy;
}

const shared = Buffer.alloc(1_000_000);

export const codecDoubles: readonly Double<CodecHarness>[] = [
  double('builds prototypes', 'reads no bytes into a prototype', () => ({
    decode: (body) => rebuilt(parse(body)),
  })),
  double('leaves the key __proto__ in', 'reads no bytes into a prototype', () => ({ decode: parse })),
  double('does not know the escaped spelling', 'reads no bytes into a prototype', (inner) => ({
    decode: (body) => (textOf(body).includes('__proto__') ? inner.decode(body) : parse(body)),
  })),
  double('writes Latin-1', 'messages survive a round trip, as text and as bytes', (inner) => ({
    encode: (message) => Buffer.from(inner.encode(message) as string, 'latin1').toString('latin1'),
  })),
  double('nests without bound', 'bounds nesting: a body of a million levels is refused, not a crash', () => ({
    decode: parse,
  })),
  double(
    'throws what the parser throws',
    'refuses garbage, cut messages and bodies without end with bad_request, and with nothing else',
    () => ({
      decode: (body) => JSON.parse(textOf(body)),
    }),
  ),
  double('writes bytes as an object', 'a Uint8Array as the whole message passes through untouched', () => ({
    encode: (message) => JSON.stringify(message ?? {}),
  })),
  double(
    'writes into one buffer',
    'what it has encoded is its own memory, whatever is encoded next',
    (inner) => ({
      encode: (message) => shared.subarray(0, shared.write(inner.encode(message) as string)),
    }),
    { text: false },
  ),
  double('changes the message', 'does not change the message it encodes, nor needs to', (inner) => ({
    encode: (message) => inner.encode(Object.assign(message as object, { version: 1 })),
  })),
  double(
    'cannot read an empty body',
    'an empty body is an empty message, and a message that is not there can be read back',
    (inner) => ({
      decode: (body) => inner.decode(body.length === 0 ? ' ' : body),
    }),
  ),
  double('rounds bigints', 'refuses a bigint when it would not survive', () => ({
    encode: (message) =>
      JSON.stringify(message, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
  })),
  double('mends broken UTF-8', 'text that is not UTF-8 is refused, not mended', (inner) => ({
    decode: (body) => inner.decode(textOf(body)),
  })),
];
