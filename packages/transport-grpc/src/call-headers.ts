import type { OutgoingHttpHeaders } from 'node:http2';
import { Metadata } from '@grpc/grpc-js';

/**
 * What a call sends besides its message. grpc-js takes no content subtype and only ASCII values: it writes
 * `application/grpc` into the object that `toHttp2Headers` gives, so that one key does not let itself be written.
 */
export class CallHeaders extends Metadata {
  private readonly contentType: PropertyDescriptor;
  private readonly own: Readonly<Record<string, string>>;

  constructor(contentType: PropertyDescriptor, own: Readonly<Record<string, string>>) {
    super();
    this.contentType = contentType;
    this.own = own;
  }

  /** A copy, for grpc-js adds its own headers to it. */
  override clone(): CallHeaders {
    const copy = new CallHeaders(this.contentType, this.own);
    copy.internalRepr = new Map(this.internalRepr);
    return copy;
  }

  override toHttp2Headers(): OutgoingHttpHeaders {
    const headers: OutgoingHttpHeaders = Object.create(null);
    for (const [key, [value]] of this.internalRepr) headers[key] = String(value);
    for (const key in this.own) headers[key] = this.own[key];
    return Object.defineProperty(headers, 'content-type', this.contentType);
  }
}

/** A content type that stays what it is. */
export function fixedType(contentType: string): PropertyDescriptor {
  return { enumerable: true, get: () => contentType, set: () => undefined };
}
