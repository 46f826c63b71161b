// For packages of this repository and of the same version; semver does not cover it.
export { now, staleClock } from './clock.ts';
export { remoteError } from './errors.ts';
export { codeOf, decodeError, encodeError } from './wire-error.ts';
