import type { CalledService } from './called-service.ts';
import type { Codec } from './codec.ts';
import { bindCodec, type Decode, type Encode } from './coding.ts';
import { type Endpoint, kindOf, schemaOf } from './contract.ts';
import { type Check, checkOf } from './schema.ts';
import type { StreamKind, Target } from './transport.ts';

/** An endpoint as a client calls it: everything that does not change from call to call. */
export interface Remote {
  readonly target: Target;
  readonly kind: 'unary' | StreamKind;
  readonly idempotent: boolean;
  /** Calls inherit the running handler's context. */
  readonly ambient: boolean;
  readonly encode: Encode;
  readonly decode: Decode;
  /** For calls that say nothing else. A stream has no deadline of its own. */
  readonly timeoutMs: number;
  readonly retries: number;
  /** Checks replies; undefined where there is nothing to check. */
  readonly check: Check | undefined;
  /** Who is called; looked up again when it was closed. */
  service: CalledService;
}

/** Targets of calls without a contract that are kept; beyond, each call makes its own. */
const mostTargets = 10_000;
// Copies of core in one process share the count: a transport instance may serve clients of both
const key = Symbol.for('@micro/core/targets/1');
const shared = globalThis as { [key]?: { last: number } };
shared[key] ??= { last: 0 };
const indices = shared[key];

export function makeTarget(service: string, endpoint: string, codec: Codec, contentType?: string): Target {
  const index = indices.last < mostTargets ? ++indices.last : 0;
  const type = contentType ?? codec.contentTypes[0];
  return Object.freeze({ index, service, endpoint, contentType: type, text: codec.text });
}

/** `codec`: undefined where the transport carries values. */
export function makeRemote(
  target: Target,
  endpoint: Endpoint,
  codec: Codec | undefined,
  service: CalledService,
  defaults: { readonly timeoutMs: number; readonly retries: number; readonly ambient: boolean },
): Remote {
  const response = schemaOf(endpoint.response);
  const replies = bindCodec(codec, response);
  return {
    target,
    kind: kindOf(endpoint),
    timeoutMs: kindOf(endpoint) === 'unary' ? defaults.timeoutMs : 0,
    retries: defaults.retries,
    idempotent: endpoint.idempotent,
    ambient: defaults.ambient,
    encode: bindCodec(codec, schemaOf(endpoint.request)).encode,
    decode: replies.decode,
    check: replies.checked
      ? undefined
      : checkOf(response, `the reply of ${target.service} ${target.endpoint}`),
    service,
  };
}
