import assert from 'node:assert/strict';
import { type Codec, isMicroError } from '@micro/core';
import { assertFrozen, describe, throws } from '../expectations.ts';
import { nothingLeft, resources } from '../leaks.ts';
import type { Suite } from '../suite.ts';
import type { CodecCase, CodecHarness, CodecSample } from './harness.ts';

const plainSamples: readonly CodecSample[] = [
  {
    message: { name: 'Ada', age: 36, happy: true, nothing: null, half: -0.5, big: 2 ** 53 - 1, tiny: 1e-300 },
  },
  { message: { text: 'größe 日本語 🚀 \u0000 \u2028 "quoted" \\', empty: '', long: 'x'.repeat(70_000) } },
  { message: { list: [1, [2, [3, []]], { deep: { deeper: {} } }], none: [] } },
  { message: { constructor: 'a name', toString: 'another', 'key with spaces': 1, ключ: 2, '': 3 } },
  { message: {} },
];

const samplesOf = ({ samples = plainSamples }: CodecHarness): readonly CodecSample[] => samples;

/** Reads and checks that whatever happens is a value or a `bad_request`. */
function survives(read: () => unknown, what: string): unknown {
  try {
    return read();
  } catch (error) {
    assert.ok(
      isMicroError(error, 'bad_request'),
      `${what} threw ${describe(error)}, not a MicroError bad_request`,
    );
    return undefined;
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

/** Walks what came from bytes: no object's prototype may be something that the bytes have brought. */
function assertNoPrototypes(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  for (let object: object | null = value; object !== null; object = Object.getPrototypeOf(object)) {
    assert.equal(Reflect.has(object, 'polluted'), false, 'a prototype was set from the input');
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = Reflect.get(value, key); // as careless code does
  assert.equal(
    Reflect.has(copy, 'polluted'),
    false,
    'a copy of the message would get its prototype from the input',
  );
  Object.values(value).forEach(assertNoPrototypes);
}

const cases: readonly CodecCase[] = [
  {
    name: 'says what it is, what it reads and what it can do',
    async run({ harness, create }) {
      const codec = await create();
      assert.match(codec.name, /^[a-z][a-z0-9-]*$/);
      assert.ok(codec.contentTypes.length > 0);
      for (const type of codec.contentTypes) assert.match(type, /^[a-z]+\/[a-z0-9.+-]+$/);
      assert.deepEqual([...codec.features].sort(), [...harness.features].sort());
      for (const feature of codec.features)
        assert.ok(['bytes', 'int64', 'schema'].includes(feature), feature);
    },
  },
  {
    name: 'messages survive a round trip, as text and as bytes',
    async run({ harness, create }) {
      const codec = await create();
      for (const { message, schema } of samplesOf(harness)) {
        const bound = codec.bind(schema);
        const body = bound.encode(message);
        assert.equal(
          typeof body === 'string',
          codec.text,
          codec.text ? 'text should be a string' : 'should be bytes',
        );
        assert.deepEqual(plain(bound.decode(body)), plain(message));
        if (typeof body === 'string')
          assert.deepEqual(plain(bound.decode(Buffer.from(body))), plain(message));
      }
    },
  },
  {
    name: 'what it has encoded is its own memory, whatever is encoded next',
    async run({ harness, create }) {
      const codec = await create();
      const encoded = samplesOf(harness).map(({ message, schema }) => ({
        message,
        bound: codec.bind(schema),
        body: codec.bind(schema).encode(message),
      }));
      for (const { message, bound, body } of encoded.reverse())
        assert.deepEqual(plain(bound.decode(body)), plain(message));
    },
  },
  {
    name: 'does not change the message it encodes, nor needs to',
    async run({ harness, create }) {
      const codec = await create();
      for (const { message, schema } of samplesOf(harness)) {
        const frozen = deepFreeze(structuredClone(message));
        codec.bind(schema).encode(frozen);
        assertFrozen(frozen, 'message');
      }
    },
  },
  {
    name: 'a Uint8Array as the whole message passes through untouched',
    async run({ harness, create }) {
      const codec = await create();
      const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const body = codec.bind(samplesOf(harness)[0]?.schema).encode(bytes);
      assert.ok(body instanceof Uint8Array, 'bytes have become text');
      assert.deepEqual([...body], [...bytes]);
    },
  },
  {
    name: 'an empty body is an empty message, and a message that is not there can be read back',
    async run({ harness, create }) {
      const codec = await create();
      const bound = codec.bind(samplesOf(harness)[0]?.schema);
      for (const body of ['', new Uint8Array(0)]) assertNoPrototypes(bound.decode(body));
      bound.decode(bound.encode(undefined));
    },
  },
  {
    name: 'bytes inside a message survive',
    needs: ['bytes'],
    async run({ harness, create }) {
      if (harness.features.has('schema')) return; // its samples say it
      const bound = (await create()).bind(undefined);
      const read = bound.decode(bound.encode({ data: Uint8Array.of(0, 127, 128, 255) }));
      const data: unknown =
        typeof read === 'object' && read !== null && 'data' in read ? read.data : undefined;
      assert.ok(data instanceof Uint8Array, `they came back as ${describe(data)}`);
      assert.deepEqual([...data], [0, 127, 128, 255]);
    },
  },
  {
    name: 'a bigint survives, to the last digit',
    needs: ['int64'],
    async run({ harness, create }) {
      if (harness.features.has('schema')) return; // its samples say it
      const bound = (await create()).bind(undefined);
      for (const n of [2n ** 63n - 1n, -(2n ** 63n)]) {
        const read = bound.decode(bound.encode({ n }));
        assert.deepEqual(plain(read), plain({ n }));
      }
    },
  },
  {
    name: 'refuses a bigint when it would not survive',
    lacks: 'int64',
    async run({ create }) {
      const bound = (await create()).bind(undefined);
      throws(() => bound.encode({ n: 1n }), 'bad_request');
    },
  },
  {
    name: 'refuses to work without the schema that it needs',
    needs: ['schema'],
    async run({ create }) {
      const codec = await create();
      throws(() => codec.bind(undefined), 'bad_request');
    },
  },
  {
    name: 'reads no bytes into a prototype',
    async run({ harness, create }) {
      const codec = await create();
      const { schema } = samplesOf(harness)[0] ?? {};
      const bound = codec.bind(schema);
      const spellings = ['__proto__', '\\u005f_proto__', '__pr\\u006fto__', '__proto_\\u005F'];
      const bodies: (string | Uint8Array)[] = [];
      for (const key of spellings) {
        const text = `{"${key}":{"polluted":true},"a":{"b":[{"${key}":{"polluted":true}}]}}`;
        bodies.push(codec.text ? text : Buffer.from(text));
      }
      if (!harness.features.has('schema')) {
        const evil: unknown = JSON.parse(
          '{"__proto__":{"polluted":true},"a":[{"__proto__":{"polluted":true}}]}',
        );
        survives(() => bodies.push(bound.encode(evil)), 'encode()');
      }
      for (const body of bodies) assertNoPrototypes(survives(() => bound.decode(body), 'decode()'));
      assert.equal(Reflect.has({}, 'polluted'), false, 'Object.prototype was changed');
    },
  },
  {
    name: 'refuses garbage, cut messages and bodies without end with bad_request, and with nothing else',
    async run({ harness, create }) {
      const codec = await create();
      let seed = 12345;
      const byte = (): number => {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        return seed >>> 24;
      };
      for (const { message, schema } of samplesOf(harness)) {
        const bound = codec.bind(schema);
        const whole = Buffer.from(bound.encode(message));
        const step = Math.max(1, Math.floor(whole.length / 64));
        for (let length = 1; length < whole.length; length += step) {
          survives(() => bound.decode(whole.subarray(0, length)), `${length} of ${whole.length} bytes`);
        }
        for (let round = 0; round < 64 && whole.length > 0; round++) {
          const broken = Uint8Array.from(whole);
          broken[(byte() * 256 + byte()) % broken.length] = byte();
          survives(() => bound.decode(broken), 'a body with one wrong byte');
        }
        for (let round = 0; round < 256; round++) {
          const garbage = Uint8Array.from({ length: 1 + (byte() % 40) }, byte);
          survives(() => bound.decode(garbage), `garbage ${Buffer.from(garbage).toString('hex')}`);
        }
      }
    },
  },
  {
    name: 'bounds nesting: a body of a million levels is refused, not a crash',
    async run({ harness, create }) {
      const codec = await create();
      const bound = codec.bind(samplesOf(harness)[0]?.schema);
      const deep = 1_000_000;
      const texts = [
        '['.repeat(deep),
        '['.repeat(deep) + ']'.repeat(deep),
        `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
      ];
      for (const text of texts) {
        const body = codec.text ? text : Buffer.from(text);
        if (codec.text) throws(() => bound.decode(body), 'bad_request');
        else survives(() => bound.decode(body), 'decode()');
      }
      let nested: unknown = 1;
      for (let level = 0; level < 100_000; level++) nested = { a: nested };
      if (!harness.features.has('schema')) survives(() => bound.encode(nested), 'encode()');
      for (const body of harness.hostile ?? []) throws(() => bound.decode(body), 'bad_request');
    },
  },
  {
    name: 'text that is not UTF-8 is refused, not mended',
    async run({ create }) {
      const codec = await create();
      if (!codec.text) return;
      const bound = codec.bind(undefined);
      throws(() => bound.decode(Uint8Array.of(0x22, 0xff, 0xfe, 0x22)), 'bad_request');
      throws(() => bound.decode(Uint8Array.of(0x22, 0xc3, 0x22)), 'bad_request');
    },
  },
  {
    name: 'leaves no socket, timer or listener',
    async run({ harness, create }) {
      using before = resources();
      const codec = await create();
      for (const { message, schema } of samplesOf(harness)) codec.bind(schema).encode(message);
      await nothingLeft(before);
    },
  },
];

/** Plain data in one shape: own keys in order, whatever the prototype. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.keys(value)
    .sort()
    .map((key) => [key, plain(Reflect.get(value, key))]);
}

/** What every codec has to do. */
export const codecSuite: Suite<CodecHarness, Codec> = { kind: 'codec', cases };
