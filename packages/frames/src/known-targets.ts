import type { Acceptor, Route } from '@micro/core';
import { maxTargetText } from './layout.ts';
import { decodeTarget } from './target.ts';

/** What the targets that a client has named on its connection lead to. */
export class KnownTargets {
  /** By reference, the first is 1. Only of what is served: strangers must not fill the memory with names. */
  readonly routes: (Route | undefined)[] = [undefined];
  private readonly acceptor: Acceptor;
  private readonly most: number;
  /** The names that are not served, which may be asked for again. */
  private readonly strange = new Map<number, string>();
  private size = 0;

  constructor(acceptor: Acceptor, most: number) {
    this.acceptor = acceptor;
    this.most = most;
  }

  /** False: it is not the next, or has no name, or there are too many. */
  add(ref: number, text: string): boolean {
    this.size += text.length;
    if (ref !== this.routes.length || ref > this.most || this.size > maxTargetText) return false;
    const route = this.named(text);
    if (route === undefined) return false;
    this.routes.push(route.found ? route : undefined);
    if (!route.found) this.strange.set(ref, text);
    return true;
  }

  /** Undefined: nobody has named it. */
  route(ref: number): Route | undefined {
    const route = this.routes[ref];
    if (route !== undefined) return route;
    const text = this.strange.get(ref);
    return text === undefined ? undefined : this.named(text);
  }

  /** Undefined: that is no name. */
  named(text: string): Route | undefined {
    const target = decodeTarget(text);
    return target === undefined ? undefined : this.acceptor.route(...target);
  }
}
