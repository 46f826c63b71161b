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
  /** Throws `bad_request` for what it cannot write. `schema` is the contract's, for codecs that need one. */
  encode(message: unknown, schema: unknown): string | Uint8Array;
  /** Throws `bad_request` for what it cannot read. An empty body is an empty message. */
  decode(body: string | Uint8Array, schema: unknown): unknown;
}

/** `bytes`: a Uint8Array inside a message survives. `int64`: so does a bigint. `schema`: it works only with one. */
export type CodecFeature = 'bytes' | 'int64' | 'schema';

/** Names and options of codec plugins; each package adds its own by declaration merging. */
export interface CodecPlugins {
  json: JsonCodecOptions;
}
