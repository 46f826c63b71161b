import type { ChannelInterface, Metadata } from '@grpc/grpc-js';
import { type Delivered, MicroError, type OutgoingCall, type ReplyMetadata } from '@micro/core';
import { remoteError } from '@micro/core/plugin';
import { bodyOf, ClientCall, type GrpcCall } from './client-call.ts';
import { ReplyHeaders } from './reply-headers.ts';

/** Who keeps the calls under way. */
export interface UnaryOwner {
  /** False when the call has ended before. */
  forget(call: ClientUnary): boolean;
}

/** A unary call: one message there, one message back. */
export class ClientUnary extends ClientCall {
  readonly outgoing: OutgoingCall;
  private readonly owner: UnaryOwner;
  private message: Buffer | undefined;

  constructor(owner: UnaryOwner, channel: ChannelInterface, call: GrpcCall, outgoing: OutgoingCall) {
    super(channel, call);
    this.owner = owner;
    this.outgoing = outgoing;
  }

  onReceiveMessage(message: Buffer): void {
    if (this.message !== undefined) {
      this.fail(new MicroError('internal', 'the peer has answered a unary call twice'), 'yes');
      return;
    }
    this.message = message;
    this.call.startRead(); // the end comes by reading, too
  }

  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void {
    if (this.owner.forget(this)) this.outgoing.fail(error, delivered, metadata);
  }

  protected said(trailer: Metadata): ReplyMetadata | undefined {
    if (!this.outgoing.wantsMetadata) return undefined;
    const { initial } = this;
    return { header: initial && ReplyHeaders.read(initial), trailer: ReplyHeaders.read(trailer) };
  }

  protected ended(trailer: Metadata): void {
    if (this.message === undefined)
      this.fail(remoteError('internal', 'the peer has answered without a message'), 'yes');
    else if (this.owner.forget(this))
      this.outgoing.done(bodyOf(this.message, this.outgoing.target.text), this.said(trailer));
  }
}
