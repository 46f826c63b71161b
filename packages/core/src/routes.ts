import type { BoundCodec, Codec } from './codec.ts';
import { bindCodec, type Decode, type Encode } from './coding.ts';
import { type Contract, type Endpoint, endpointName, kindOf, schemaOf } from './contract.ts';
import { MicroError } from './errors.ts';
import type { HandlerContext } from './handler-context.ts';
import { type Check, checkOf } from './schema.ts';
import type { Route, ServedEndpoint } from './transport.ts';

/** Anything a handler may be once its types are forgotten. */
type AnyHandler = (request: unknown, ctx: HandlerContext) => unknown;

/** An endpoint with its handler, as it was added. */
export interface Handled {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly handler: AnyHandler;
}

/** Where a request goes: a handled endpoint in one content type, or the reason why there is none. */
export interface ServerRoute extends Route {
  readonly endpoint: string;
  readonly refusal: MicroError | undefined;
  readonly decode: Decode;
  readonly encode: Encode;
  readonly handler: AnyHandler;
  readonly check: Check | undefined;
  readonly idempotent: boolean;
}

/** The endpoints of a server, by name and content type. */
export class Routes {
  readonly handled: Map<string, Handled> = new Map();
  private readonly known = new Map<string, ServerRoute>();
  private readonly codecs: () => ReadonlyMap<string, Codec>;
  private readonly values: () => boolean;

  /** `codecs`: what is spoken, by content type; `values`: no codec is needed. */
  constructor(codecs: () => ReadonlyMap<string, Codec>, values: () => boolean) {
    this.codecs = codecs;
    this.values = values;
  }

  add(contract: Contract<object>, handlers: object): void {
    for (const [key, endpoint] of Object.entries(contract.endpoints) as [string, Endpoint][]) {
      const name = endpointName(contract.name, key);
      const handler: unknown = Reflect.get(handlers, key);
      if (typeof handler !== 'function')
        throw new MicroError('bad_request', `no handler for ${name}: "${key}" must be a function`);
      if (this.handled.has(name)) throw new MicroError('conflict', `${name} has a handler already`);
      this.handled.set(name, { name, endpoint, handler: handler.bind(handlers) as AnyHandler });
    }
  }

  get served(): readonly ServedEndpoint[] {
    return [...this.handled.values()].map(({ name, endpoint }) => ({
      name,
      kind: kindOf(endpoint),
      request: schemaOf(endpoint.request),
      response: schemaOf(endpoint.response),
    }));
  }

  route(service: string, endpoint: string, contentType: string): ServerRoute {
    const key = `${contentType}\n${endpoint}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const values = this.values();
    const codec = values ? undefined : this.codecs().get(contentType);
    const handled = this.handled.get(endpoint);
    if (handled === undefined)
      return refuse(endpoint, 'not_found', `service "${service}" has no endpoint "${endpoint}"`);
    if (codec === undefined && !values) {
      const have = [...this.codecs().keys()].join(', ');
      return refuse(
        endpoint,
        'bad_request',
        `content type "${contentType}" is not spoken here (have: ${have})`,
      );
    }
    const request = schemaOf(handled.endpoint.request);
    let requests: BoundCodec;
    let replies: BoundCodec;
    try {
      requests = bindCodec(codec, request);
      replies = bindCodec(codec, schemaOf(handled.endpoint.response));
    } catch (error) {
      // A stranger chose the content type; the endpoint has no schema for it
      return refuse(
        endpoint,
        'bad_request',
        `${endpoint} in "${contentType}": ${MicroError.from(error).message}`,
      );
    }
    const route: ServerRoute = {
      endpoint,
      found: true,
      kind: kindOf(handled.endpoint),
      text: codec?.text ?? false,
      refusal: undefined,
      decode: requests.decode,
      encode: replies.encode,
      handler: handled.handler,
      check: requests.checked ? undefined : checkOf(request, `the request of ${endpoint}`),
      idempotent: handled.endpoint.idempotent,
    };
    this.known.set(key, route); // as many as endpoints times content types, however often strangers ask
    return route;
  }
}

function refuse(endpoint: string, code: 'not_found' | 'bad_request', message: string): ServerRoute {
  const refusal = new MicroError(code, message, { id: 'go.micro.server' });
  const { decode, encode } = bindCodec(undefined, undefined);
  return {
    endpoint,
    found: false,
    kind: 'unary',
    text: false,
    refusal,
    idempotent: false,
    handler: () => undefined,
    decode,
    encode,
    check: undefined,
  };
}
