import {
  Metadata as GrpcMetadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  status,
} from '@grpc/grpc-js';
import {
  type Acceptor,
  type Body,
  type Delivered,
  type Metadata,
  type MicroError,
  type Peer,
  type ReplyMetadata,
  type Route,
  report,
} from '@micro/core';
import { isAny } from '@micro/core/plugin';
import { bufferOf } from './client-call.ts';
import { tooLarge } from './client-stream.ts';
import type { Opening } from './opening.ts';
import { ReplyHeaders } from './reply-headers.ts';
import { deliveredHeader, detailsHeader, grpcCodeOf, statusDetails, statusText } from './status.ts';

/** What a call that has come belongs to. */
export interface ServedBy {
  readonly maxMessageBytes: number;
  add(call: ServedCall): void;
  forget(call: ServedCall): void;
}

export interface CallParts {
  readonly owner: ServedBy;
  readonly acceptor: Acceptor;
  readonly route: Route;
  readonly opening: Opening;
  readonly remainingMs: number;
}

type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];

/**
 * A call that has come, unary or a stream. It stands in the place of grpc-js's own objects, which cost more and read
 * by themselves.
 */
export abstract class ServedCall extends ServerInterceptingCall implements Listener {
  readonly remainingMs: number;
  protected readonly next: ServerInterceptingCallInterface;
  protected readonly parts: CallParts;
  protected over = false;

  constructor(next: ServerInterceptingCallInterface, parts: CallParts) {
    super(next);
    this.next = next;
    this.parts = parts;
    this.remainingMs = parts.remainingMs;
  }

  abstract onReceiveMetadata(metadata: GrpcMetadata): void;
  abstract onReceiveMessage(message: Buffer): void;
  abstract onReceiveHalfClose(): void;
  protected abstract left(): void;
  /** The handler may know of it. */
  protected abstract get handled(): boolean;

  override start(): void {
    this.parts.owner.add(this);
    this.next.start(this);
  }

  get metadata(): Metadata {
    return this.parts.opening.metadata;
  }

  get peer(): Peer {
    return this.parts.opening.peer;
  }

  /** The client has left, or its connection is lost. Told after every end, too. */
  onCancel(): void {
    if (this.leave()) this.left();
  }

  /** The listener closes: the handler is aborted, and the client told whether there was one. */
  close(error: MicroError): void {
    if (!this.leave()) return;
    this.left();
    this.sendError(error, this.handled ? 'maybe' : 'no');
  }

  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void {
    if (this.leave()) this.sendError(error, delivered, metadata);
  }

  /** False when it was over. */
  protected leave(): boolean {
    if (this.over) return false;
    this.over = true;
    this.parts.owner.forget(this);
    return true;
  }

  /** Throws `bad_request`. */
  protected headersOf(header: Metadata | undefined): GrpcMetadata {
    const base = replyType(this.parts.opening.grpcType);
    return header === undefined ? base : ReplyHeaders.of(base, header);
  }

  /** As trailers; throws `bad_request`. */
  protected trailersOf(trailer: Metadata | undefined): GrpcMetadata | undefined {
    return trailer === undefined ? undefined : ReplyHeaders.of(new GrpcMetadata(), trailer);
  }

  /** The message as it is sent. Throws `too_large`. */
  protected messageOf(body: Body): Buffer {
    const message = bufferOf(body);
    const { maxMessageBytes } = this.parts.owner;
    if (message.length > maxMessageBytes) throw tooLarge(message.length, maxMessageBytes);
    return message;
  }

  protected sendEnd(metadata: GrpcMetadata | undefined): void {
    this.next.sendStatus(
      metadata === undefined ? { code: status.OK, details: '' } : { code: status.OK, details: '', metadata },
    );
  }

  /** What goes with an error, which counts for more: metadata that cannot be sent is reported, and left out. */
  private beside(base: GrpcMetadata, metadata: Metadata): GrpcMetadata {
    try {
      return ReplyHeaders.of(base, metadata);
    } catch (error) {
      report('plugin.warning', 'the metadata of an error cannot be sent', error);
      return base;
    }
  }

  private sendError(error: MicroError, delivered: Delivered, said?: ReplyMetadata): void {
    // an unknown endpoint is UNIMPLEMENTED in gRPC; our own clients read the details
    const unknown = !this.parts.route.found && error.code === 'not_found';
    const code = unknown ? status.UNIMPLEMENTED : grpcCodeOf(error);
    const metadata = replyType(this.parts.opening.grpcType).clone();
    metadata.set(detailsHeader, statusDetails(code, error));
    if (delivered !== 'yes') metadata.set(deliveredHeader, delivered);
    const { header, trailer } = said ?? {};
    if (isAny(header)) this.next.sendMetadata(this.beside(this.headersOf(undefined), header));
    const all = trailer === undefined ? metadata : this.beside(metadata, trailer);
    this.next.sendStatus({ code, details: statusText(error), metadata: all });
  }
}

const types = new Map<string, GrpcMetadata>();
const maxTypes = 64;

/** An answer has the content type of its request. */
function replyType(grpcType: string): GrpcMetadata {
  const kept = types.get(grpcType);
  if (kept !== undefined) return kept;
  const metadata = new GrpcMetadata();
  metadata.set('content-type', /^[\x21-\x7e]+$/.test(grpcType) ? grpcType : 'application/grpc');
  if (types.size < maxTypes) types.set(grpcType, metadata);
  return metadata;
}
