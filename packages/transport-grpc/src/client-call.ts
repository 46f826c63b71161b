import {
  type ChannelInterface,
  type InterceptingListener,
  type Metadata,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { type Body, type Delivered, MicroError, type ReplyMetadata } from '@micro/core';
import { staleClock } from '@micro/core/plugin';
import { deliveredBy, deliveredHeader, detailsHeader, statusError } from './status.ts';

export type GrpcCall = ReturnType<ChannelInterface['createCall']>;

/** grpc-js tells what became of a call by a status, whoever made it: the peer, or grpc-js itself. */
export abstract class ClientCall implements InterceptingListener {
  readonly call: GrpcCall;
  private readonly channel: ChannelInterface;
  /** The peer has sent a byte of an answer. */
  protected heard = false;
  /** What stood ahead of the messages (gRPC's initial metadata). */
  protected initial: Metadata | undefined;

  constructor(channel: ChannelInterface, call: GrpcCall) {
    this.channel = channel;
    this.call = call;
  }

  /** Ends it from this side, with an error. */
  abstract fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void;
  protected abstract ended(trailer: Metadata): void;
  /** What came besides the messages, where somebody reads it. */
  protected abstract said(trailer: Metadata): ReplyMetadata | undefined;
  abstract onReceiveMessage(message: Buffer): void;

  onReceiveMetadata(metadata: Metadata): void {
    this.heard = true;
    this.initial = metadata;
  }

  onReceiveStatus({ code, details, metadata }: StatusObject): void {
    staleClock();
    if (code === status.OK) {
      this.ended(metadata);
      return;
    }
    const [bytes] = metadata.get(detailsHeader);
    const [mark] = metadata.get(deliveredHeader);
    const [type] = metadata.get('content-type');
    // what grpc-js says itself has no headers; of a proxy that is no gRPC the content type is another
    if (bytes === undefined && mark === undefined && !String(type).startsWith('application/grpc'))
      this.lost(code, details, metadata);
    else {
      const error = statusError(code, details, Buffer.isBuffer(bytes) ? bytes : undefined);
      this.fail(error, deliveredBy(mark), this.said(metadata));
    }
  }

  /** Before a connection was chosen, the peer is the address that was dialled. */
  get sent(): boolean {
    const peer = this.call.getPeer();
    return this.heard || (peer !== 'unknown' && peer !== this.channel.getTarget());
  }

  /** A status of grpc-js, or a peer's after messages, when it comes without headers too. */
  private lost(code: number, details: string, trailer: Metadata): void {
    const { sent } = this;
    const broken =
      !sent || code === status.UNAVAILABLE || details === resetText || details.includes('RST_STREAM');
    const error = broken
      ? new MicroError('unavailable', details || 'the connection was lost')
      : statusError(code, details, undefined);
    this.fail(
      error,
      sent && details !== refusedText ? 'maybe' : 'no',
      broken ? undefined : this.said(trailer),
    );
  }
}

// How grpc-js words that the peer has reset a stream, and that it has never looked at it (its subchannel-call.ts).
const resetText = 'Call cancelled';
const refusedText = 'Stream refused by server';

/** A message as core gets it. */
export function bodyOf(message: Buffer, text: boolean): Body {
  return text ? message.toString('utf8') : message;
}

/** A message as grpc-js wants it. */
export function bufferOf(body: Body): Buffer {
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
