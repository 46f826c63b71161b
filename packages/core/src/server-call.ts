import { now } from './clock.ts';
import { HandlerContext } from './handler-context.ts';
import { handle } from './handling.ts';
import type { ServerRoute } from './routes.ts';
import { deliveredOf, late, type Server } from './server.ts';
import type { IncomingCall, Work } from './transport.ts';

/** A unary call from the server's side, and its handler's context, in one object. */
export class ServerCall extends HandlerContext implements Work {
  private readonly server: Server;
  private readonly route: ServerRoute;
  private readonly call: IncomingCall;
  private running = false;

  constructor(server: Server, route: ServerRoute, call: IncomingCall) {
    super(call);
    this.server = server;
    this.route = route;
    this.call = call;
  }

  /** Never rejects: whatever happens is answered. */
  async run(): Promise<void> {
    await null; // the handler never runs in the transport's stack
    const { server, route, call } = this;
    if (this.cancelled) return;
    const refusal = server.enter(route, false);
    if (refusal !== undefined) {
      call.fail(refusal, deliveredOf(refusal));
      return;
    }
    this.running = true;
    try {
      if (this.expired) throw late(route.endpoint);
      const { check } = route;
      let request = route.decode(call.body);
      if (check !== undefined) {
        request = check(request);
        if (request instanceof Promise) request = await request;
      }
      const reply = await handle(server, route, request, this);
      // The caller gives up in the same moment: it must not get a reply that was made of its own abort
      if (this.expired) throw late(route.endpoint);
      if (!this.running) return;
      const body = route.encode(reply);
      this.end();
      call.reply(body);
    } catch (error) {
      const failure = server.failure(route, error);
      if (!this.running) return;
      this.end();
      call.fail(failure, 'yes');
    }
  }

  override cancel(reason?: unknown): void {
    super.cancel(reason);
    if (this.running) this.end();
  }

  /** A deadline aborts the handler, whose caller is then told so. */
  override expire(): void {
    super.cancel(late(this.route.endpoint));
  }

  private get expired(): boolean {
    return this.endsAt !== 0 && now() >= this.endsAt;
  }

  private end(): void {
    this.running = false;
    this.finish();
    this.server.leave();
  }
}
