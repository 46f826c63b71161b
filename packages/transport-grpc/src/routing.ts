import { type Acceptor, MicroError, type Route } from '@micro/core';
import { contentTypeOf } from './content-type.ts';
import { readPath } from './path.ts';
import type { Services } from './services.ts';

/** Who takes a call, and on which route. */
export interface Routed {
  readonly acceptor: Acceptor;
  readonly route: Route;
}

/** What is kept: as many, of paths of that length. Strangers can put any name before a handler's. */
const maxKept = 1024;
const maxKey = 512;

/** Finds who is called by a path, in a content type. */
export class Routing {
  private readonly acceptor: Acceptor;
  private readonly services: Services;
  private readonly kept = new Map<string, Routed>();

  constructor(acceptor: Acceptor, services: Services) {
    this.acceptor = acceptor;
    this.services = services;
  }

  of(path: string, grpcType: string): Routed {
    const key = `${grpcType} ${path}`;
    const kept = this.kept.get(key);
    if (kept !== undefined) return kept;
    const called = readPath(path);
    if (called === undefined)
      return this.refusal(
        new MicroError('unimplemented', `malformed method name: "${path}"`, { id: 'go.micro.server' }),
      );
    const { service, endpoint } = called;
    const acceptor = this.services.has(path) ? this.services : this.acceptor;
    const route = acceptor.route(service, endpoint, contentTypeOf(grpcType));
    const routed = { acceptor, route };
    if (route.found && this.kept.size < maxKept && key.length <= maxKey) this.kept.set(key, routed);
    return routed;
  }

  /** A route on which everything is refused with the error. */
  refusal(error: MicroError): Routed {
    const route: Route = { found: false, kind: 'unary', text: false };
    const acceptor: Acceptor = {
      endpoints: [],
      route: () => route,
      call(_route, call) {
        queueMicrotask(() => call.fail(error, 'yes'));
        return { cancel: () => undefined };
      },
      stream: () => ({ message: ignored, end: ignored, fail: ignored, drained: ignored }),
    };
    return { acceptor, route };
  }
}

function ignored(): void {
  // nothing is read of what is refused
}
