import type { Codec } from './codec.ts';
import type { Body } from './transport.ts';

/** From a transport's body to a message, and back. */
export type Decode = (body: Body) => unknown;
export type Encode = (message: unknown) => Body;

// Where a transport carries values the message is the body: it crosses untouched, whatever it is
const carry = (message: unknown): Body => message as Body;

export function decodeWith(codec: Codec | undefined, schema: unknown): Decode {
  return codec === undefined ? carry : codec.bind(schema).decode;
}

export function encodeWith(codec: Codec | undefined, schema: unknown): Encode {
  return codec === undefined ? carry : codec.bind(schema).encode;
}
