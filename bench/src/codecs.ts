import { msgpackCodec } from '@micro/codec-msgpack';
import { type MessageType, protobufCodec } from '@micro/codec-protobuf';
import { jsonCodec } from '@micro/core';
import { Decoder, Encoder } from '@msgpack/msgpack';
import { Packr, Unpackr } from 'msgpackr';
import { Nested, Numbers, Small, Text } from './messages.micro.ts';
import { median } from './stats.ts';

/** A codec beside the library under it: what both do with the same message, in turns. */
interface Contender {
  readonly encode: (message: unknown) => string | Uint8Array;
  readonly decode: (body: Uint8Array) => unknown;
}
interface Comparison {
  readonly name: string;
  readonly reference: string;
  readonly contenders: Readonly<Record<string, Contender>>;
  readonly messages: Readonly<Record<string, unknown>>;
}

const plain: Readonly<Record<string, unknown>> = {
  small: { name: 'Ada Lovelace' },
  text: { data: 'x'.repeat(16_384) },
  nested: {
    items: Array.from({ length: 100 }, (_, n) => ({
      id: n,
      name: `item number ${n}`,
      price: n * 1.25,
      tags: ['a', 'bb', 'ccc'],
      on: n % 2 === 0,
      at: { x: n, y: -n },
    })),
  },
};

function msgpackr(): Contender {
  const packr = new Packr({ useRecords: false });
  const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });
  return { encode: (message) => packr.pack(message), decode: (body) => unpackr.unpack(body) };
}

function msgpackMsgpack(): Contender {
  const encoder = new Encoder({ useBigInt64: true, ignoreUndefined: true });
  const decoder = new Decoder({ useBigInt64: true });
  return { encode: (message) => encoder.encode(message), decode: (body) => decoder.decode(body) };
}

const comparisons: readonly Comparison[] = [
  {
    name: 'msgpack',
    reference: '@msgpack/msgpack',
    contenders: {
      '@msgpack/msgpack': msgpackMsgpack(),
      msgpackr: msgpackr(),
      'codec-msgpack': msgpackCodec().bind(undefined),
      'codec-json': jsonCodec().bind(undefined),
    },
    messages: plain,
  },
];

/** What pbjs makes of the same .proto file (`pbjs -t static-module -w esm`), by message. */
interface StaticType {
  readonly encode: (message: unknown) => { readonly finish: () => Uint8Array };
  readonly decode: (body: Uint8Array) => unknown;
}
const { bench }: { readonly bench: Readonly<Record<string, StaticType | undefined>> } = await import(
  new URL('../protos/messages.static.mjs', import.meta.url).href
);

function protobufContenders(name: string, type: MessageType<object, object>): Comparison {
  const bare = bench[name];
  if (bare === undefined) throw new Error(`there is no static ${name}`);
  const { encode, decode } = bare;
  const message = protobufMessages[name];
  return {
    name: 'protobuf',
    reference: 'protobufjs static',
    contenders: {
      'protobufjs static': { encode: (one) => encode(one).finish(), decode: (body) => decode(body) },
      'codec-protobuf': protobufCodec().bind(type),
      'codec-json': jsonCodec().bind(type),
    },
    messages: { [name]: message },
  };
}

const protobufMessages: Readonly<Record<string, unknown>> = {
  Small: plain.small,
  Text: plain.text,
  Nested: plain.nested,
  // 64 bits as numbers are what both can write; protobufjs reads Longs, the codec bigints
  Numbers: { values: Array.from({ length: 200 }, (_, n) => n * n * (n % 2 === 0 ? 1 : -1)) },
};

const rounds = 25;
const turnMs = 12;

/** Nanoseconds that one run takes, over a turn. */
function timed(run: () => unknown): number {
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  do {
    for (let n = 0; n < 20; n++) run();
    runs += 20;
    elapsed = performance.now() - start;
  } while (elapsed < turnMs);
  return (elapsed * 1e6) / runs;
}

function compare({ name, reference, contenders, messages }: Comparison): void {
  console.log(
    `\n${name}: ns for encode and decode, and the ratio of speeds to ${reference} (median of ${rounds} rounds)`,
  );
  for (const [kind, message] of Object.entries(messages)) {
    const times = new Map<string, { encode: number[]; decode: number[] }>();
    for (let round = -5; round < rounds; round++) {
      for (const [contender, { encode, decode }] of Object.entries(contenders)) {
        const body = Buffer.from(encode(message));
        const spent = { encode: timed(() => encode(message)), decode: timed(() => decode(body)) };
        if (round < 0) continue;
        const all = times.get(contender) ?? { encode: [], decode: [] };
        all.encode.push(spent.encode);
        all.decode.push(spent.decode);
        times.set(contender, all);
      }
    }
    const base = times.get(reference);
    for (const [contender, { encode, decode }] of times) {
      const ratio = (way: 'encode' | 'decode'): string =>
        median(
          (way === 'encode' ? encode : decode).map((one, round) => (base?.[way][round] ?? Number.NaN) / one),
        ).toFixed(2);
      const figures = `${Math.round(median(encode))} ${Math.round(median(decode))}`;
      console.log(
        `  ${kind.padEnd(8)} ${contender.padEnd(24)} ${figures.padEnd(18)} ${ratio('encode')} ${ratio('decode')}`,
      );
    }
  }
}

const wanted = process.argv.slice(2);
const all = [
  ...comparisons,
  protobufContenders('Small', Small),
  protobufContenders('Text', Text),
  protobufContenders('Nested', Nested),
  protobufContenders('Numbers', Numbers),
];
for (const one of all) if (wanted.length === 0 || wanted.includes(one.name)) compare(one);
