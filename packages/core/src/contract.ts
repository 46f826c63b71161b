import type { CallOptions, Context } from './context.ts';
import { MicroError } from './errors.ts';
import type { Metadata } from './metadata.ts';
import type { Schema, StreamOf } from './schema.ts';
import type { StreamKind } from './transport.ts';

/** What every endpoint is at run time. `~types` exists for the compiler alone. */
export interface Endpoint {
  readonly request: Part;
  readonly response: Part;
  /** Doing it twice is as good as once, so core may repeat a call whose answer was lost. */
  readonly idempotent: boolean;
  readonly doc: string | undefined;
  readonly metadata: Metadata | undefined;
  readonly '~types'?: { readonly call: unknown; readonly handle: unknown } | undefined;
}
interface Typed<Call, Handle> extends Endpoint {
  readonly '~types'?: { readonly call: Call; readonly handle: Handle } | undefined;
}

/** One message each way. `Req` and `Res` as the client sees them; `ReqOut` and `ResIn` as the server does. */
export interface Unary<Req, Res, ReqOut = Req, ResIn = Res>
  extends Typed<
    (request: Req, options?: CallOptions) => Promise<Res>,
    (request: ReqOut, ctx: Context) => ResIn | Promise<ResIn>
  > {}
export interface ServerStream<Req, Res, ReqOut = Req, ResIn = Res>
  extends Typed<
    (request: Req, options?: CallOptions) => AsyncIterable<Res>,
    (request: ReqOut, ctx: Context) => AsyncIterable<ResIn>
  > {}
export interface ClientStream<Req, Res, ReqOut = Req, ResIn = Res>
  extends Typed<
    (requests: AsyncIterable<Req>, options?: CallOptions) => Promise<Res>,
    (requests: AsyncIterable<ReqOut>, ctx: Context) => ResIn | Promise<ResIn>
  > {}
export interface Bidi<Req, Res, ReqOut = Req, ResIn = Res>
  extends Typed<
    (requests: AsyncIterable<Req>, options?: CallOptions) => AsyncIterable<Res>,
    (requests: AsyncIterable<ReqOut>, ctx: Context) => AsyncIterable<ResIn>
  > {}

/** The loosest form of a Standard Schema: one property is compared, not the whole type of the library. */
export interface AnySchema {
  readonly '~standard': {
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined;
  };
}
/** A schema, or a stream of one. */
export type Part = AnySchema | StreamOf<AnySchema>;
type In<P extends AnySchema> = NonNullable<P['~standard']['types']>['input'];
type Out<P extends AnySchema> = NonNullable<P['~standard']['types']>['output'];

export interface RpcOptions<Q, R> {
  readonly request: Q;
  readonly response: R;
  /** Doing it twice is as good as once. @default false */
  readonly idempotent?: boolean;
  /** A sentence for people and tools; registered as the endpoint's description. */
  readonly doc?: string;
  /**
   * More that the registry is told of the endpoint, for gateways and tools: go-micro's API gateways read `endpoint`,
   * `handler`, `method`, `path` and `host` (go-micro v4: api.Encode). What core registers itself is not replaced.
   */
  readonly metadata?: Metadata;
}
/** The kind of endpoint that two parts make. */
export type Rpc<Q, R> =
  Q extends StreamOf<infer QS extends AnySchema>
    ? R extends StreamOf<infer RS extends AnySchema>
      ? Bidi<In<QS>, Out<RS>, Out<QS>, In<RS>>
      : R extends AnySchema
        ? ClientStream<In<QS>, Out<R>, Out<QS>, In<R>>
        : never
    : Q extends AnySchema
      ? R extends StreamOf<infer RS extends AnySchema>
        ? ServerStream<In<Q>, Out<RS>, Out<Q>, In<RS>>
        : R extends AnySchema
          ? Unary<In<Q>, Out<R>, Out<Q>, In<R>>
          : never
      : never;

/** Declares an endpoint: what goes in, what comes out, each a schema or a `stream` of one. */
export function rpc<Q extends Part, R extends Part>(options: RpcOptions<Q, R>): Rpc<Q, R>;
export function rpc(options: RpcOptions<Part, Part>): Endpoint {
  const { request, response, idempotent = false, doc, metadata } = options;
  return Object.freeze({ request, response, idempotent, doc, metadata });
}

/** Endpoints under one name, offered by one service. */
export interface Contract<E> {
  readonly service: string;
  readonly name: string;
  readonly endpoints: E;
}
/** Declares a contract. Throws `bad_request` for names that go-micro cannot route. */
export function contract<E extends { readonly [K in keyof E]: Endpoint }>(
  service: string,
  name: string,
  endpoints: E,
): Contract<E> {
  if (service === '') throw new MicroError('bad_request', 'a contract needs the name of its service');
  const seen = new Set<string>();
  for (const key of Object.keys(endpoints)) {
    const endpoint = endpointName(name, key);
    if (endpoint.split('.').length !== 2 || seen.has(endpoint)) {
      throw new MicroError(
        'bad_request',
        `endpoint "${endpoint}" must be one name, one dot, one name, and only once`,
      );
    }
    seen.add(endpoint);
  }
  return Object.freeze({ service, name, endpoints });
}

/** The handlers that a server of the contract needs. */
export type Handlers<E> = {
  readonly [K in keyof E]: E[K] extends Endpoint ? NonNullable<E[K]['~types']>['handle'] : never;
};
/** The functions that a client of the contract has. */
export type Client<E> = {
  readonly [K in keyof E]: E[K] extends Endpoint ? NonNullable<E[K]['~types']>['call'] : never;
};

/** Events under one name. */
export interface Topic<Input, Output = Input> {
  readonly topic: string;
  readonly schema: Schema<Input, Output>;
}
export function topic<Input, Output>(name: string, schema: Schema<Input, Output>): Topic<Input, Output> {
  if (name === '') throw new MicroError('bad_request', 'a topic needs a name');
  return Object.freeze({ topic: name, schema });
}

/** `Greeter` and `hello` are `Greeter.Hello`, as go-micro spells it. */
export function endpointName(contractName: string, key: string): string {
  return `${contractName}.${key.charAt(0).toUpperCase()}${key.slice(1)}`;
}

/** Which sides of the endpoint send many messages. */
export function kindOf(endpoint: Endpoint): 'unary' | StreamKind {
  if ('stream' in endpoint.request) return 'stream' in endpoint.response ? 'bidi' : 'client-stream';
  return 'stream' in endpoint.response ? 'server-stream' : 'unary';
}

/** The schema of a part, streamed or not. */
export function schemaOf(part: Part): Schema {
  return ('stream' in part ? part.stream : part) as Schema;
}
