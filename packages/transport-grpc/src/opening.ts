import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { TLSSocket } from 'node:tls';
import type { Server } from '@grpc/grpc-js';
import { type Metadata, MicroError, type Peer } from '@micro/core';
import { headerText, readMetadata } from './metadata.ts';

/** The one path that grpc-js is told: which service is called is for the acceptor to say. */
export const anyPath = '/';
const grpcTypes = 'application/grpc';

/** A call as it has come: what grpc-js does not hand on. */
export class Opening {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly grpcType: string;
  private readonly stream: ServerHttp2Stream;
  private lazy: Metadata | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.stream = stream;
    this.headers = headers;
    this.path = headers[':path'] ?? '';
    this.grpcType = headers['content-type'] ?? '';
  }

  /** The client has reset the stream, or its connection is lost. */
  get broken(): boolean {
    return this.stream.closed || this.stream.destroyed;
  }

  get metadata(): Metadata {
    this.lazy ??= readMetadata(this.headers);
    return this.lazy;
  }

  get peer(): Peer {
    const from = this.headers['micro-from-service'];
    const peer = peerOf(this.stream);
    return typeof from === 'string' && from !== '' ? { ...peer, service: headerText(from) } : peer;
  }
}

const peers = new WeakMap<object, Peer>();

function peerOf({ session }: ServerHttp2Stream): Peer {
  const socket = session?.socket;
  if (session === undefined || socket === undefined) return { address: 'unknown' };
  let peer = peers.get(session);
  if (peer === undefined) {
    const { remoteAddress = 'unknown', remotePort = 0 } = socket;
    const host = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
    const address = `${host}:${remotePort}`;
    const certificate =
      socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
    peer =
      certificate === undefined
        ? { address }
        : { address, identity: certificate.subject.split('\n').join(', ') };
    peers.set(session, peer);
  }
  return peer;
}

/**
 * Has every call that comes told to `opened`, with all its headers, just before grpc-js makes its own object of it.
 * grpc-js looks handlers up by the whole path, while go-micro routes by the last part of it, and it hides the content
 * type, which says the codec (decision 14). Throws `internal` for a grpc-js that cannot be told.
 */
export function onOpening(server: Server, opened: (opening: Opening) => void): void {
  const name = '_streamHandler';
  const handle: unknown = Reflect.get(server, name);
  if (typeof handle !== 'function')
    throw new MicroError(
      'internal',
      `this version of @grpc/grpc-js has no ${name}: 1.14.7 is the one that was tested`,
    );
  Reflect.set(
    server,
    name,
    (interceptors: unknown, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): unknown => {
      const opening = new Opening(stream, headers);
      opened(opening);
      const { grpcType } = opening;
      const seen: IncomingHttpHeaders = {
        ':path': anyPath,
        // grpc-js looks only at how it begins, and writes about odd characters to the error output
        'content-type': grpcType.startsWith(grpcTypes) ? grpcTypes : '',
      };
      const encoding = headers['grpc-encoding'];
      if (encoding !== undefined)
        seen['grpc-encoding'] = /^[a-z]+$/.test(String(encoding)) ? encoding : 'unknown';
      return Reflect.apply(handle, server, [interceptors, stream, seen]);
    },
  );
}
