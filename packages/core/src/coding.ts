import type { BoundCodec, Codec } from './codec.ts';
import type { Body } from './transport.ts';

/** From a transport's body to a message, and back. */
export type Decode = (body: Body) => unknown;
export type Encode = (message: unknown) => Body;

// Where a transport carries values the message is the body: it crosses untouched, whatever it is
const carry = (message: unknown): Body => message as Body;
const carried: BoundCodec = { encode: carry, decode: carry };

/** `codec`: undefined where the transport carries values. Throws what `bind` throws. */
export function bindCodec(codec: Codec | undefined, schema: unknown): BoundCodec {
  return codec === undefined ? carried : codec.bind(schema);
}
