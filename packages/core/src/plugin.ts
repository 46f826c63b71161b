// What plugins are made with, besides the contracts: for transports above all.
export { announcedAddress } from './address.ts';
export { now, staleClock } from './clock.ts';
export { remoteError } from './errors.ts';
export {
  type UnaryOutcome,
  type UnaryRequest,
  type UnaryTransportDefinition,
  unaryTransport,
} from './unary-transport.ts';
export { codeOf, decodeError, encodeError } from './wire-error.ts';
