import { type Body, type IncomingCall, MicroError, type Work } from '@micro/core';
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

  reply(body: Body): void {
    if (this.over) return;
    let message: Buffer;
    try {
      message = this.messageOf(body);
    } catch (error) {
      this.fail(MicroError.from(error), 'yes');
      return;
    }
    this.leave();
    this.sendHeaders();
    this.next.sendMessage(message, ignored);
    this.sendEnd();
  }

  protected left(): void {
    this.work?.cancel();
  }

  private begin(): void {
    const { acceptor, route } = this.parts;
    this.work = acceptor.call(route, this);
  }
}
