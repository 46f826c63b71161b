import type { JsonCodecOptions } from './json.ts';

/**
 * Turns messages into text or bytes and back. A `Uint8Array` given as the whole message passes through
 * untouched. Bytes to decode are hostile: a codec bounds what they can make it allocate, and throws `bad_request`.
 */
export interface Codec {
  readonly name: string;
  readonly features: ReadonlySet<CodecFeature>;
  /** What it reads; the first is what it writes. Compared exactly, without parameters, as go-micro does. */
  readonly contentTypes: readonly [string, ...string[]];
  /** Writes and wants strings, not bytes. */
  readonly text: boolean;
  /** For one side of an endpoint, once; `schema` is the contract's. Throws `bad_request` for a schema it needs and lacks. */
  bind(schema: unknown): BoundCodec;
}

export interface BoundCodec {
  /** What `decode` gives has passed the schema: core does not check it again. @default false */
  readonly checked?: boolean | undefined;
  /** Throws `bad_request` for what it cannot write. The result is its own memory, never used again. */
  encode(message: unknown): string | Uint8Array;
  /** Throws `bad_request` for what it cannot read. An empty body is an empty message. */
  decode(body: string | Uint8Array): unknown;
}

/** `bytes`: a Uint8Array inside a message survives. `int64`: so does a bigint. `schema`: it works only with one. */
export type CodecFeature = 'bytes' | 'int64' | 'schema';

/** Names and options of codec plugins; each package adds its own by declaration merging. */
export interface CodecPlugins {
  json: JsonCodecOptions;
}
