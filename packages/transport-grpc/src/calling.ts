import type { Metadata, Target } from '@micro/core';
import { now } from '@micro/core/plugin';
import { CallHeaders, fixedType, Headers } from './call-headers.ts';
import { grpcTypeOf } from './content-type.ts';
import { writeMetadata } from './metadata.ts';
import { pathOf } from './path.ts';
import { writeTimeout } from './timeout.ts';

interface Known {
  readonly path: string;
  readonly contentType: PropertyDescriptor;
}

/** What a call says before its message: path and headers. What does not change from call to call is kept. */
export class Calling {
  private readonly known: Known[] = [];
  /** The calling service's name, where there is one. */
  private readonly from = new Headers();

  /** Throws `bad_request` for a name that no header can carry. */
  constructor(from: string | undefined) {
    if (from !== undefined && from !== '') writeMetadata({ 'micro-from-service': from }, this.from);
  }

  /** Throws `bad_request` for a target or metadata that gRPC cannot spell. */
  path(target: Target): string {
    return this.of(target).path;
  }

  headers(target: Target, deadline: number, metadata: Metadata | undefined): CallHeaders {
    const { contentType } = this.of(target);
    if (metadata === undefined && deadline === 0) return new CallHeaders(contentType, this.from);
    const own = Object.assign(new Headers(), this.from);
    if (metadata !== undefined) writeMetadata(metadata, own);
    if (deadline !== 0) own['grpc-timeout'] = writeTimeout(deadline - now());
    return new CallHeaders(contentType, own);
  }

  private of(target: Target): Known {
    const kept = this.known[target.index];
    if (kept !== undefined) return kept;
    const made = {
      path: pathOf(target.service, target.endpoint),
      contentType: fixedType(grpcTypeOf(target.contentType)),
    };
    if (target.index > 0) this.known[target.index] = made;
    return made;
  }
}
