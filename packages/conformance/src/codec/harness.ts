import type { Codec, CodecFeature } from '@micro/core';
import type { Case, Harness } from '../suite.ts';

export interface CodecHarness extends Harness<Codec, CodecFeature> {
  /** Messages that survive a round trip; needed by codecs with the feature `schema`. @default plain data */
  readonly samples?: readonly CodecSample[] | undefined;
  /** More bytes that must be refused with `bad_request`: lengths that lie, nesting without end. */
  readonly hostile?: readonly (string | Uint8Array)[] | undefined;
}

export interface CodecSample {
  readonly message: unknown;
  readonly schema?: unknown;
}

export type CodecCase = Case<CodecHarness, Codec>;
