import { type Body, type IncomingCall, MicroError, type ReplyMetadata, type Work } from '@micro/core';
import { bodyOf } from './client-call.ts';
import { ServedCall } from './server-call.ts';

const nothing = new Uint8Array(0);
const ignored = (): void => undefined;

/** A unary call that has come. */
export class ServerUnary extends ServedCall implements IncomingCall {
  body: Body = nothing;
  private heard = false;
  private work: Work | undefined;

  onReceiveMetadata(): void {
    // what is refused need not be read
    if (this.parts.route.found) this.next.startRead();
    else this.begin();
  }

  onReceiveMessage(message: Buffer): void {
    if (this.heard) {
      this.fail(new MicroError('unimplemented', 'a unary call has one message, and two have come'), 'no');
      return;
    }
    this.heard = true;
    this.body = bodyOf(message, this.parts.route.text);
    this.next.startRead();
  }

  onReceiveHalfClose(): void {
    if (this.over) return;
    if (this.heard) this.begin();
    else this.fail(new MicroError('unimplemented', 'a unary call has one message, and none has come'), 'no');
  }

  reply(body: Body, metadata?: ReplyMetadata): void {
    if (this.over) return;
    try {
      const message = this.messageOf(body);
      const headers = this.headersOf(metadata?.header);
      const trailers = this.trailersOf(metadata?.trailer);
      this.leave();
      this.next.sendMetadata(headers);
      this.next.sendMessage(message, ignored);
      this.sendEnd(trailers);
    } catch (error) {
      this.fail(MicroError.from(error), 'yes');
    }
  }

  protected get handled(): boolean {
    return this.work !== undefined;
  }

  protected left(): void {
    this.work?.cancel();
  }

  private begin(): void {
    const { acceptor, route } = this.parts;
    this.work = acceptor.call(route, this);
  }
}
