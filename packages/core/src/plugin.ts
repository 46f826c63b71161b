// What plugins are made with, besides the contracts: for transports above all.
export { now, staleClock } from './clock.ts';
export { remoteError } from './errors.ts';
export { codeOf, decodeError, encodeError } from './wire-error.ts';
