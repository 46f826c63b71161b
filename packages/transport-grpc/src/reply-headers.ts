import type { OutgoingHttpHeaders } from 'node:http2';
import { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { type Metadata, MicroError } from '@micro/core';
import { isOwned, writeMetadata } from './metadata.ts';

const none: Readonly<Record<string, string>> = Object.freeze(Object.create(null));
const ascii = /^[\x20-\x7e]*$/;

/** Metadata of an answer, with what the protocol says beside it. */
export class ReplyHeaders extends GrpcMetadata {
  private own = none;

  /**
   * The base, and metadata besides. Throws `bad_request`: also for what is not ASCII, for grpc-js's client drops it, and
   * for a key that its server loses when it copies headers.
   */
  static of(base: GrpcMetadata, metadata: Metadata): ReplyHeaders {
    const made = new ReplyHeaders();
    made.merge(base);
    const own: Record<string, string> = Object.create(null);
    writeMetadata(metadata, own);
    for (const key in own) {
      if (key === 'date' || key === '__proto__' || !ascii.test(own[key] ?? ''))
        throw new MicroError('bad_request', `metadata "${key}" cannot be sent with an answer over gRPC`);
    }
    made.own = own;
    return made;
  }

  override clone(): ReplyHeaders {
    const copy = new ReplyHeaders();
    copy.merge(this);
    copy.own = this.own;
    return copy;
  }

  override toHttp2Headers(): OutgoingHttpHeaders {
    const headers: OutgoingHttpHeaders = Object.assign(Object.create(null), super.toHttp2Headers());
    for (const key in this.own) headers[key] = this.own[key];
    return headers;
  }

  /** Metadata out of what has come; values of `-bin` keys in base64. */
  static read(received: GrpcMetadata): Metadata {
    const all = new ReplyHeaders();
    all.merge(received);
    const found: Record<string, string> = Object.create(null);
    for (const [key, values] of all.internalRepr) {
      if (isOwned(key) || key === 'date') continue; // node:http2 dates what it sends
      found[key] = values
        .map((value) => (typeof value === 'string' ? value : value.toString('base64')))
        .join(', ');
    }
    return found;
  }
}
