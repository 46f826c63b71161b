// What plugins are made with, besides the contracts: for transports above all.
export { abortable, abortError, checkSignal, orAborted } from './aborted.ts';
export { announcedAddress } from './address.ts';
export { checkAsked, checkFeatures, checkTopic } from './asked.ts';
export { atMost, inTime } from './at-most.ts';
export { checkedRegistry, type RegistryDefinition } from './checked-registry.ts';
export { now, staleClock } from './clock.ts';
export { type Consumer, type ConsumerOptions, makeConsumer, type Received } from './consumer.ts';
export { decodeEnvelope, encodeEnvelope, spellHeader } from './envelope.ts';
export { remoteError } from './errors.ts';
export { eos, isJson, readBody, readTimeout, wireBody, writeTimeout } from './go-messages.ts';
export { type HeldSubscriptions, heldSubscriptions } from './held-subscriptions.ts';
export { type LengthPrefixed, lengthPrefixed } from './length-prefixed.ts';
export { type Lifetimes, newLifetimes } from './lifetimes.ts';
export {
  decodeRecord,
  encodeRecord,
  isObject,
  readEndpoints,
  readMetadata,
  readText,
} from './record-json.ts';
export { type RecordMirror, readRecord, recordMirror } from './record-mirror.ts';
export { Refusals } from './refusals.ts';
export { isAny } from './reply.ts';
export { pause } from './retry.ts';
export { RouteCache } from './route-cache.ts';
export { formatAddress, parseAddress, parseTarget, type SocketAddress } from './socket-address.ts';
export {
  type SocketListener,
  type SocketTransportDefinition,
  socketTransport,
} from './socket-transport.ts';
export { tlsClientOptions, tlsServerOptions } from './tls-options.ts';
export { newTurns, type Turns } from './turns.ts';
export {
  type ReceivedRequest,
  type UnaryHandle,
  type UnaryOutcome,
  type UnaryRequest,
  type UnaryServer,
  type UnaryTransportDefinition,
  unaryTransport,
} from './unary-transport.ts';
export { codeOf, decodeError, encodeError } from './wire-error.ts';
