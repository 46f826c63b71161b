import {
  type Body,
  type Delivered,
  type IncomingCall,
  type Metadata,
  MicroError,
  type Peer,
  type ReplyMetadata,
  type Route,
  type Work,
} from '@micro/core';
import { readBody, wireBody } from '@micro/core/plugin';
import type { Received } from './carrier.ts';
import { errorFields, idFields, idOf, readMetadata, remainingMs, saidBeside, saidFields } from './header.ts';
import type { SessionListener } from './listener.ts';

/** A request without a content type is protobuf, in every version of go-micro. */
export function contentTypeOf(message: Received): string {
  return message.header.get('Content-Type') || 'application/protobuf';
}

export function peerOf({ session, header, identity }: Received): Peer {
  return { address: session, service: header.get('Micro-From-Service'), identity };
}

/** A request, and core's object of it while it is under way. */
export class SessionCall implements IncomingCall {
  readonly key: string;
  readonly opening: Received;
  readonly body: Body;
  readonly remainingMs: number;
  work: Work | undefined;
  private readonly listener: SessionListener;

  constructor(listener: SessionListener, key: string, message: Received, route: Route) {
    this.listener = listener;
    this.key = key;
    this.opening = message;
    const bytes = message.bytes();
    this.body = readBody(bytes, 0, bytes.length, route.text, contentTypeOf(message));
    this.remainingMs = remainingMs(message.header);
  }

  get metadata(): Metadata {
    return readMetadata(this.opening.header);
  }

  get peer(): Peer {
    return peerOf(this.opening);
  }

  reply(body: Body, metadata?: ReplyMetadata): void {
    if (!this.listener.over(this)) return;
    const { session, header } = this.opening;
    const contentType = contentTypeOf(this.opening);
    try {
      const { carrier } = this.listener;
      const head = this.listener.answerHead(contentType);
      const fields = idFields(idOf(header));
      const all = metadata === undefined ? fields : [...fields, ...saidFields(metadata)];
      carrier.respond(session, head, all, wireBody(body, contentType));
    } catch (error) {
      this.listener.refuse(this.opening, MicroError.from(error), 'yes');
    }
  }

  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void {
    if (this.listener.over(this)) this.listener.refuse(this.opening, error, delivered, metadata);
  }

  /** The caller has left. */
  cancel(): void {
    if (this.listener.over(this)) this.work?.cancel();
  }

  /** The listener ends: so does the work, and the caller is told where that is possible. */
  end(error: MicroError): void {
    if (!this.listener.over(this)) return;
    this.work?.cancel();
    this.listener.refuse(this.opening, error, 'maybe');
  }

  /** An error to the caller of a message. */
  static fields(
    { header }: Received,
    error: MicroError,
    delivered: Delivered,
    metadata: ReplyMetadata | undefined,
  ): readonly string[] {
    return [...idFields(idOf(header)), ...errorFields(error, delivered), ...saidBeside(metadata)];
  }
}
