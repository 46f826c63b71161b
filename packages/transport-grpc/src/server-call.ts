import {
  Metadata as GrpcMetadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  status,
} from '@grpc/grpc-js';
import type { Acceptor, Body, Delivered, Metadata, MicroError, Peer, Route } from '@micro/core';
import { bufferOf } from './client-call.ts';
import { tooLarge } from './client-stream.ts';
import type { Opening } from './opening.ts';
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

  /** The listener closes: the handler is aborted, and the client told that nobody knows how far it came. */
  close(error: MicroError): void {
    if (!this.leave()) return;
    this.left();
    this.sendError(error, 'maybe');
  }

  fail(error: MicroError, delivered: Delivered): void {
    if (this.leave()) this.sendError(error, delivered);
  }

  /** False when it was over. */
  protected leave(): boolean {
    if (this.over) return false;
    this.over = true;
    this.parts.owner.forget(this);
    return true;
  }

  protected sendHeaders(): void {
    this.next.sendMetadata(replyType(this.parts.opening.grpcType));
  }

  /** The message as it is sent. Throws `too_large`. */
  protected messageOf(body: Body): Buffer {
    const message = bufferOf(body);
    const { maxMessageBytes } = this.parts.owner;
    if (message.length > maxMessageBytes) throw tooLarge(message.length, maxMessageBytes);
    return message;
  }

  protected sendEnd(): void {
    this.next.sendStatus({ code: status.OK, details: '' });
  }

  private sendError(error: MicroError, delivered: Delivered): void {
    // an unknown endpoint is UNIMPLEMENTED in gRPC; our own clients read the details
    const unknown = !this.parts.route.found && error.code === 'not_found';
    const code = unknown ? status.UNIMPLEMENTED : grpcCodeOf(error);
    const metadata = replyType(this.parts.opening.grpcType).clone();
    metadata.set(detailsHeader, statusDetails(code, error));
    if (delivered !== 'yes') metadata.set(deliveredHeader, delivered);
    this.next.sendStatus({ code, details: statusText(error), metadata });
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
