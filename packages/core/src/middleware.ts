import type { ContextKey } from './context.ts';
import { type Metadata, mergeMetadata } from './metadata.ts';
import type { Reply } from './reply.ts';
import type { StreamKind } from './transport.ts';

interface CallBase {
  readonly side: 'client' | 'server';
  readonly service: string;
  /** `Greeter.Hello` */
  readonly endpoint: string;
  readonly idempotent: boolean;
  readonly metadata: Metadata;
  /** On the clock of `performance.now()`, in ms; undefined: none, or (client) not known yet. */
  readonly deadline: number | undefined;
  readonly signal: AbortSignal | undefined;
  get<T>(key: ContextKey<T>): T | undefined;
  set<T>(key: ContextKey<T>, value: T): void;
}
interface Answered extends CallBase {
  /** Metadata that goes back; on the client's side what has come, whole when the reply or the end of a stream is there. */
  readonly reply: Reply;
}
export interface UnaryCall extends Answered {
  readonly kind: 'unary';
  readonly request: unknown;
}
export interface StreamCall extends Answered {
  readonly kind: StreamKind;
  /** All requests; of a server stream the only one. */
  readonly requests: AsyncIterable<unknown>;
}
/** An event on its way to a subscriber; `endpoint` is the topic. */
export interface EventCall extends CallBase {
  readonly kind: 'event';
  readonly request: unknown;
}
/** A call as middleware sees it, on either side. */
export type Call = UnaryCall | StreamCall | EventCall;

/** Goes on to the next middleware, and at last to the call or the handler; with another call when one is given. */
export type Next = (call?: Call) => Promise<unknown>;

/** Wraps every call of a client or a server. The reply is a message, or for a streamed response (`isStream`) many. */
export type Middleware = (call: Call, next: Next) => Promise<unknown>;

/** The middleware as one function; the first is the outermost. */
export function compose(
  chain: readonly Middleware[],
  last: (call: Call) => Promise<unknown>,
): (call: Call) => Promise<unknown> {
  return chain.reduceRight<(call: Call) => Promise<unknown>>(
    (next, middleware) => (call) => middleware(call, (changed = call) => next(changed)),
    last,
  );
}

/** The call with more metadata. */
export function withMetadata<C extends Call>(call: C, add: Metadata): C {
  return {
    ...call,
    metadata: mergeMetadata(call.metadata, add),
    get: call.get.bind(call),
    set: call.set.bind(call),
  };
}

// Copies of core in one process share it: a middleware may come with its own
const key = Symbol.for('@micro/core/streams/1');
const shared = globalThis as { [key]?: WeakSet<object> };
shared[key] ??= new WeakSet();
const streams = shared[key];

/** Whether a reply is a stream of messages rather than one message that happens to be iterable. */
export function isStream(reply: unknown): reply is AsyncIterable<unknown> {
  return typeof reply === 'object' && reply !== null && streams.has(reply);
}

export function markStream<T extends AsyncIterable<unknown>>(messages: T): T {
  streams.add(messages);
  return messages;
}

/** Looks at every message as it passes, and at the end once; keeps backpressure and `return()`. */
export function tap<T>(
  messages: AsyncIterable<T>,
  each: (message: T) => void,
  done?: (error?: unknown) => void,
): AsyncIterable<T> {
  async function* pass(): AsyncGenerator<T, void, undefined> {
    let failure: unknown;
    try {
      for await (const message of messages) {
        each(message);
        yield message;
      }
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      done?.(failure);
    }
  }
  return markStream(pass());
}
