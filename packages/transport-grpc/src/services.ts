import {
  type Acceptor,
  type IncomingCall,
  type IncomingStream,
  MicroError,
  type Route,
  type ServedEndpoint,
  type StreamReceiver,
  type Work,
} from '@micro/core';
import { DescriptorIndex } from './descriptor-index.ts';
import { Health, healthFile } from './health.ts';
import { readFields } from './protobuf.ts';
import { Reflection, reflectionFiles } from './reflection.ts';
import { descriptorsOf } from './schema-descriptors.ts';

/** A method that no contract has, of gRPC's own services or of go-micro's: its messages are protobuf, whatever the content type says. */
export type OwnMethod =
  | { readonly kind: 'unary'; call(call: IncomingCall): void }
  | { readonly kind: 'server-stream' | 'bidi'; stream(stream: IncomingStream): StreamReceiver };

/**
 * What is served beside the acceptor's: health checking, reflection where it is wanted, and what else is given
 * by its path.
 */
export class Services implements Acceptor {
  readonly endpoints: readonly ServedEndpoint[] = [];
  private readonly health: Health;
  private readonly methods = new Map<string, OwnMethod>();
  private readonly routes = new WeakMap<Route, OwnMethod>();

  /** Throws `bad_request` for descriptors that cannot be read. */
  constructor(
    served: readonly ServedEndpoint[],
    reflection: boolean | Uint8Array,
    more: Readonly<Record<string, OwnMethod>>,
  ) {
    this.add(more);
    const handlers = new Set(served.map(({ name }) => name.slice(0, name.indexOf('.'))));
    this.health = new Health(handlers);
    this.add(this.health.methods);
    if (reflection === false) return;
    const index = new DescriptorIndex();
    for (const file of [healthFile, ...reflectionFiles]) index.add(file);
    const own = new Set(index.services);
    for (const file of filesOf(served, reflection)) index.add(file);
    const described = index.services.filter((name) => own.has(name) || handlers.has(lastOf(name)));
    const known = new Set(described.map(lastOf));
    const others = [...handlers].filter((name) => !known.has(name));
    this.add(new Reflection(index, [...described, ...others].sort()).methods);
  }

  has(path: string): boolean {
    return this.methods.has(path);
  }

  leave(): void {
    this.health.leave();
  }

  route(service: string, endpoint: string): Route {
    const method = this.methods.get(`/${service}.${endpoint.replace('.', '/')}`);
    if (method === undefined)
      throw new MicroError('internal', `${service}.${endpoint} is none of gRPC's own services`);
    const route: Route = { found: true, kind: method.kind, text: false };
    this.routes.set(route, method);
    return route;
  }

  call(route: Route, call: IncomingCall): Work {
    const method = this.routes.get(route);
    queueMicrotask(() => {
      try {
        if (method?.kind === 'unary') method.call(call);
      } catch (error) {
        call.fail(MicroError.from(error), 'yes');
      }
    });
    return { cancel: () => undefined };
  }

  stream(route: Route, stream: IncomingStream): StreamReceiver {
    const method = this.routes.get(route);
    if (method === undefined || method.kind === 'unary')
      throw new MicroError('internal', 'a route of somebody else');
    return method.stream(stream);
  }

  private add(methods: Readonly<Record<string, OwnMethod>>): void {
    for (const [path, method] of Object.entries(methods)) this.methods.set(path, method);
  }
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** The files of a FileDescriptorSet, or of the contracts' schemas. */
function filesOf(served: readonly ServedEndpoint[], reflection: true | Uint8Array): readonly Uint8Array[] {
  if (reflection === true) return descriptorsOf(served);
  try {
    return readFields(reflection)
      .filter(({ number }) => number === 1)
      .map(({ bytes }) => bytes);
  } catch (cause) {
    throw new MicroError('bad_request', 'the option reflection is no FileDescriptorSet', { cause });
  }
}
