import { MicroError } from '@micro/core';

const prefix = 'application/grpc';

/**
 * The content type on the wire: gRPC's, with the codec as its subtype (go-micro v4 plugins: client/grpc/codec.go).
 * Throws `bad_request` for a type that has no such spelling.
 */
export function grpcTypeOf(contentType: string): string {
  if (contentType.startsWith(prefix)) return contentType;
  const subtype = /^application\/([a-z0-9.-]+)$/.exec(contentType)?.[1];
  if (subtype === undefined)
    throw new MicroError('bad_request', `content type "${contentType}" cannot be a subtype of ${prefix}`);
  return `${prefix}+${subtype === 'protobuf' || subtype === 'octet-stream' ? 'proto' : subtype}`;
}

/** The codec's content type, of a type that begins with `application/grpc`. Without a subtype it is protobuf. */
export function contentTypeOf(grpcType: string): string {
  const semicolon = grpcType.indexOf(';');
  const type = semicolon < 0 ? grpcType : grpcType.slice(0, semicolon);
  const subtype = type
    .slice(prefix.length + 1)
    .trim()
    .toLowerCase();
  return `application/${subtype === '' || subtype === 'proto' ? 'protobuf' : subtype}`;
}
