import { AsyncLocalStorage } from 'node:async_hooks';
import type { Metadata } from './metadata.ts';
import type { Reply } from './reply.ts';
import type { NodeFilter } from './selector.ts';
import type { Peer } from './transport.ts';

/** What a handler knows of its call. */
export interface Context {
  /** Aborts when the caller leaves, the deadline passes, or the service is stopped by force. Made when first read. */
  readonly signal: AbortSignal;
  /** The same without a signal: cheap to ask in a loop. */
  readonly cancelled: boolean;
  /** When the caller stops waiting, on the clock of `performance.now()`, in ms; undefined: never. */
  readonly deadline: number | undefined;
  /** What the caller sent along; keys in lower case. Nested calls send it on. */
  readonly metadata: Metadata;
  readonly caller: Peer;
  /** Metadata that goes back. Where the transport carries none, that is reported once. Of an event: throws `unimplemented`. */
  readonly reply: Reply;
  get<T>(key: ContextKey<T>): T | undefined;
  set<T>(key: ContextKey<T>, value: T): void;
}

/** A typed place in a context. */
export interface ContextKey<T> {
  readonly id: symbol;
  readonly '~type'?: T;
}
/** The same name is the same key, also across two copies of this package. */
export function contextKey<T>(name: string): ContextKey<T> {
  return { id: Symbol.for(`@micro/context/${name}`) };
}

export interface CallOptions {
  /** How long to wait for the reply, attempts and all, in ms; 0: for ever, below: not at all. @default the client's, 5000 for unary, none for streams */
  readonly timeoutMs?: number | undefined;
  /** Cancels the call; the handler's signal aborts too. */
  readonly signal?: AbortSignal | undefined;
  /** Sent along, over what the running handler's context carries. */
  readonly metadata?: Metadata | undefined;
  /** Given the metadata that comes ahead of the reply or of a stream's first message, when the server sends some. */
  readonly onHeader?: ((metadata: Metadata) => void) | undefined;
  /** Given the metadata that comes with the end, also of an error, when the server sends some. */
  readonly onTrailer?: ((metadata: Metadata) => void) | undefined;
  /** Further attempts, where they are safe; 0: none. @default the client's, 3 */
  readonly retries?: number | undefined;
  /** The handler's context to inherit from. @default the running handler's, where it is ambient */
  readonly ctx?: Context | undefined;
  /** Narrows the nodes; pass the same function each time, it is cached. */
  readonly filter?: NodeFilter | undefined;
  /** Calls this address, without registry and selector. */
  readonly address?: string | undefined;
  /** The call's own content type, of any codec that is imported; without effect where the transport carries values. @default the codec's of the client */
  readonly contentType?: string | undefined;
  /** Goes to the same node for the same key, with the selector `hash`. */
  readonly key?: string | undefined;
}

interface Ambient {
  readonly storage: AsyncLocalStorage<Context>;
  on: boolean;
}
const key = Symbol.for('@micro/core/ambient/1');
const shared = globalThis as { [key]?: Ambient };
shared[key] ??= { storage: new AsyncLocalStorage(), on: false };

/**
 * The running handler's context. It is entered only once somebody could ask (`on`): a client was made or asked for,
 * or `@micro/core/ambient` imported. On Node 20 the first entry makes every promise of the process dearer.
 */
export const ambient: Ambient = shared[key];
