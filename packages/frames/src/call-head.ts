import type { Route } from '@micro/core';
import { type Bytes, u16, u32 } from './bytes.ts';
import type { KnownTargets } from './known-targets.ts';
import { callBytes, METADATA } from './layout.ts';

/** What stands before the body of a CALL, or in an OPEN. */
export interface CallHead {
  readonly route: Route;
  readonly ms: number;
  readonly metadata: string;
  /** Where the body begins. */
  readonly at: number;
}

/** Undefined: it cannot be read, or names a target that is not known. */
export function readCallHead(
  targets: KnownTargets,
  flags: number,
  bytes: Bytes,
  from: number,
  to: number,
): CallHead | undefined {
  let at = from + callBytes;
  if (at > to) return undefined;
  const ref = u16(bytes, from);
  let route: Route | undefined;
  if (ref !== 0) route = targets.route(ref);
  else {
    const end = blockEnd(bytes, at, to);
    route = end < 0 ? undefined : targets.named(bytes.utf8Slice(at + 2, end));
    at = end;
  }
  if (route === undefined) return undefined;
  let metadata = '';
  if ((flags & METADATA) !== 0) {
    const end = blockEnd(bytes, at, to);
    if (end < 0) return undefined;
    metadata = bytes.utf8Slice(at + 2, end);
    at = end;
  }
  return { route, ms: u32(bytes, from + 2), metadata, at };
}

/** Where a block of text ends; -1: behind the frame. */
export function blockEnd(bytes: Bytes, at: number, to: number): number {
  const end = at + 2 + u16(bytes, at);
  return at + 2 > to || end > to ? -1 : end;
}
