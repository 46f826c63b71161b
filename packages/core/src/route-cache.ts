import type { Acceptor, Route } from './transport.ts';

const maxRoutes = 1024;

interface Kept {
  readonly service: string;
  readonly type: string;
  readonly route: Route;
}

/** The routes that requests name: those in use are remembered, and strangers cannot fill the memory. */
export class RouteCache {
  private readonly acceptor: Acceptor;
  private readonly kept = new Map<string, Kept>();

  constructor(acceptor: Acceptor) {
    this.acceptor = acceptor;
  }

  route(service: string, endpoint: string, type: string): Route {
    const known = this.kept.get(endpoint);
    if (known !== undefined && known.service === service && known.type === type) return known.route;
    const route = this.acceptor.route(service, endpoint, type);
    if (route.found && this.kept.size < maxRoutes) this.kept.set(endpoint, { service, type, route });
    return route;
  }
}
