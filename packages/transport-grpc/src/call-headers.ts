import type { OutgoingHttpHeaders } from 'node:http2';
import { Metadata } from '@grpc/grpc-js';

/**
 * Headers by name. Names come from strangers, so there is no prototype behind them; and V8 keeps what a constructor
 * makes in its fast form, which `Object.create(null)` is not: 2 us a call.
 */
export class Headers {
  [name: string]: string;

  static {
    Object.setPrototypeOf(Headers.prototype, null);
  }
}

/**
 * What a call sends besides its message. grpc-js takes no content subtype and only ASCII values: it writes
 * `application/grpc` into the object that `toHttp2Headers` gives, so that one key does not let itself be written.
 */
export class CallHeaders extends Metadata {
  private readonly contentType: PropertyDescriptor;
  private readonly own: Readonly<Headers>;

  constructor(contentType: PropertyDescriptor, own: Readonly<Headers>) {
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
    const headers = new Headers();
    for (const [key, [value]] of this.internalRepr) headers[key] = String(value);
    Object.assign(headers, this.own);
    return Object.defineProperty(headers, 'content-type', this.contentType);
  }
}

/** A content type that stays what it is. */
export function fixedType(contentType: string): PropertyDescriptor {
  return { enumerable: true, get: () => contentType, set: () => undefined };
}
