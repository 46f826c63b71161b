import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isMicroError } from '../src/errors.ts';
import { jsonCodec } from '../src/json.ts';
import { type } from '../src/schema.ts';

const codec = jsonCodec().bind(undefined);

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isMicroError(error, 'bad_request')) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the JSON codec', () => {
  test('writes a void reply as an object, which Go needs', () => {
    expect(codec.encode(undefined)).toBe('{}');
  });

  test('hands a Uint8Array on untouched', () => {
    const bytes = new Uint8Array([0, 255]);
    expect(codec.encode(bytes)).toBe(bytes);
  });

  test('refuses a bigint and says what to do', () => {
    expect(refusal(() => codec.encode({ id: 1n }))).toMatch(/bigint.*string/);
  });

  test('refuses what has no JSON: a function, a symbol, a circle', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    for (const message of [() => 1, Symbol('s'), circle]) refusal(() => codec.encode(message));
  });

  test.each([
    '{"__proto__":{"admin":true},"a":1}',
    '{"\\u005f_proto__":{"admin":true},"a":1}',
    '{"__pr\\u006Fto__":{"admin":true},"a":1}',
    '{"\\u005F\\u005f\\u0070\\u0072\\u006f\\u0074\\u006F\\u005f\\u005f":{"admin":true},"a":1}',
  ])('drops a prototype, however it is spelt: %s', (text) => {
    for (const deep of [text, `[{"b":${text}}]`]) {
      const read = codec.decode(deep);
      const message = deep === text ? read : (read as [{ b: unknown }])[0].b;
      expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
      expect(Object.keys(message as object)).toEqual(['a']);
      expect(({ ...(message as object) } as { admin?: boolean }).admin).toBeUndefined();
    }
  });

  test('keeps a text that only speaks of __proto__', () => {
    const message = { text: '__proto__', note: 'é' };
    expect(codec.decode(JSON.stringify(message))).toEqual(message);
  });

  test('refuses nesting beyond the bound, for arrays, objects and both, and takes what is just within', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
      ['[{"]\\"]":', '}]'],
    ] as const) {
      const per = open === '[{"]\\"]":' ? 2 : 1;
      const within = open.repeat(512 / per) + (open === '[' ? '' : '1') + close.repeat(512 / per);
      expect(codec.decode(within)).toBeDefined();
      expect(refusal(() => codec.decode(`[${within}]`))).toMatch(/512 levels/);
    }
    refusal(() => codec.decode('['.repeat(1_000_000)));
    refusal(() => jsonCodec({ maxDepth: 2 }).bind(undefined).decode('[[[]]]'));
  });

  test('is not misled by brackets in strings', () => {
    const message = { text: '[{'.repeat(600), escaped: `\\"${'['.repeat(600)}\\\\` };
    expect(codec.decode(JSON.stringify(message))).toEqual(message);
    const hidden = `["]]]]]]]]\\"]]]]]","${']'.repeat(600)}",${'['.repeat(512)}${']'.repeat(512)}]`;
    refusal(() => codec.decode(hidden));
  });

  test('says where JSON is invalid', () => {
    expect(refusal(() => codec.decode('{"a":x}'))).toMatch(/invalid JSON: .*(position 5|'x'|"x")/);
    expect(refusal(() => codec.decode('{"a":'))).toMatch(/end of JSON/);
  });

  test('refuses bytes that are not UTF-8, and a byte order mark', () => {
    refusal(() => codec.decode(new Uint8Array([0x22, 0xff, 0x22])));
    refusal(() => codec.decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x31])));
  });

  test('reads an empty body as an empty message', () => {
    expect(codec.decode('')).toBeUndefined();
    expect(codec.decode(new Uint8Array(0))).toBeUndefined();
  });

  test('reads what JSON.parse reads and refuses what it refuses', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.string({ unit: fc.constantFrom('[', '{', '"', '\\', ']', ':', '1') }),
        ),
        (text) => {
          if (text.length === 0 || text.includes('__proto__')) return;
          let expected: unknown;
          try {
            expected = JSON.parse(text);
          } catch {
            refusal(() => jsonCodec({ maxDepth: 3 }).bind(undefined).decode(text)); // the scan must not choke on it either
            return;
          }
          expect(codec.decode(new TextEncoder().encode(text))).toEqual(expected);
        },
      ),
    );
  });
});

describe('a schema with a form of its own', () => {
  const celsius = {
    ...type<{ degrees: number }>(),
    '~json': {
      write: (message: unknown) => `${Reflect.get(Object(message), 'degrees') ?? 0} °C`,
      read: (json: unknown) => ({ degrees: json === undefined ? 0 : Number.parseFloat(String(json)) }),
    },
  };
  const bound = jsonCodec().bind(celsius);

  test('is written and read in it, and checked by it', () => {
    expect(bound.encode({ degrees: 21.5 })).toBe('"21.5 °C"');
    expect(bound.decode('"21.5 °C"')).toEqual({ degrees: 21.5 });
    expect(bound.checked).toBe(true);
    expect(jsonCodec().bind(type()).checked).toBeUndefined();
  });

  test('decides what an empty body is, and bytes pass it by', () => {
    expect(bound.encode(undefined)).toBe('"0 °C"');
    expect(bound.decode('')).toEqual({ degrees: 0 });
    expect(bound.encode(Uint8Array.of(1))).toEqual(Uint8Array.of(1));
  });
});
