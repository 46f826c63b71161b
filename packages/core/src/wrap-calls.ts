import type { Invoke } from './client.ts';
import type { CallOptions, ContextKey } from './context.ts';
import { just } from './handling.ts';
import { mergeMetadata } from './metadata.ts';
import { type Call, compose, isStream, type Middleware, markStream } from './middleware.ts';
import { type Reply, ReplyDraft } from './reply.ts';
import type { StreamKind } from './transport.ts';

interface Called {
  readonly service: string;
  readonly endpoint: string;
  readonly kind: 'unary' | StreamKind;
  readonly idempotent: boolean;
}

/** The call behind a client's middleware. */
export function wrapCalls(chain: readonly Middleware[], called: Called, invoke: Invoke): Invoke {
  const { kind } = called;
  return (input, options) => {
    const answer = new ReplyDraft();
    const last = async (call: Call): Promise<unknown> => {
      const changed: CallOptions = {
        ...options,
        metadata: call.metadata,
        onHeader(header) {
          answer.header = header;
          options?.onHeader?.(header);
        },
        onTrailer(trailer) {
          answer.trailer = trailer;
          options?.onTrailer?.(trailer);
        },
      };
      if (call.kind === 'unary' || call.kind === 'event') return invoke(call.request, changed);
      // A server stream's one request goes on as it came, unless a middleware replaced it
      const requests = call.kind === 'server-stream' ? await first(call.requests) : call.requests;
      const reply = invoke(requests, changed);
      return call.kind === 'client-stream' ? reply : markStream(reply as AsyncIterable<unknown>);
    };
    const reply = compose(chain, last)(view(called, input, options, answer));
    return kind === 'unary' || kind === 'client-stream' ? reply : unwrap(reply);
  };
}

function view(
  { kind, ...called }: Called,
  input: unknown,
  options: CallOptions | undefined,
  reply: Reply,
): Call {
  const values = new Map<symbol, unknown>();
  const base = {
    side: 'client' as const,
    ...called,
    metadata: mergeMetadata(undefined, options?.metadata),
    deadline: undefined,
    signal: options?.signal,
    reply,
    get: <T>(key: ContextKey<T>) => values.get(key.id) as T | undefined,
    set: <T>(key: ContextKey<T>, value: T) => void values.set(key.id, value),
  };
  if (kind === 'unary') return { ...base, kind, request: input };
  return {
    ...base,
    kind,
    requests: kind === 'server-stream' ? just(input) : (input as AsyncIterable<unknown>),
  };
}

async function first(messages: AsyncIterable<unknown>): Promise<unknown> {
  for await (const message of messages) return message;
  return undefined;
}

/** A stream that is there only later. */
function unwrap(reply: Promise<unknown>): AsyncIterable<unknown> {
  reply.catch(() => undefined); // whoever reads the stream is told
  async function* pass(): AsyncGenerator<unknown, void, undefined> {
    const messages = await reply;
    if (!isStream(messages)) throw new TypeError('a middleware gave one message where a stream is due');
    yield* messages;
  }
  return markStream(pass());
}
