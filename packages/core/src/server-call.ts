import { report } from './background.ts';
import { now } from './clock.ts';
import { HandlerContext } from './handler-context.ts';
import { handle } from './handling.ts';
import { asNobody } from './nobody.ts';
import type { ServerRoute } from './routes.ts';
import { deliveredOf, late, type Server } from './server.ts';
import { type CallTrace, traced, traceEnd, traceStart } from './tracing.ts';
import type { Body, IncomingCall, Work } from './transport.ts';

/** A unary call from the server's side, and its handler's context, in one object. */
export class ServerCall extends HandlerContext implements Work {
  private readonly server: Server;
  private readonly route: ServerRoute;
  private readonly call: IncomingCall;
  private running = false;
  private trace: CallTrace | undefined;

  constructor(server: Server, route: ServerRoute, call: IncomingCall) {
    super(call);
    this.server = server;
    this.route = route;
    this.call = call;
  }

  /** Starts the handler in a microtask of its own batch: never in the transport's stack. */
  start(): void {
    // Owned by nobody, as it never rejects: run() answers whatever happens
    if (ready.push(this) === 1) void resolved.then(runBatch);
  }

  /** Never throws: whatever happens is answered. */
  run(): void {
    const { server, route, call } = this;
    if (this.cancelled) return;
    const refusal = server.enter(route, false);
    if (refusal !== undefined) {
      call.fail(refusal, deliveredOf(refusal));
      return;
    }
    this.running = true;
    if (traced()) this.trace = traceStart(server.describe(route, call.metadata));
    try {
      if (this.expired) throw late(route.endpoint);
      const request = route.decode(call.body);
      const checked = route.check === undefined ? request : route.check(request);
      const reply =
        checked instanceof Promise
          ? checked.then((value) => this.begin(value))
          : handle(server, route, checked, this);
      // A reply that is there already costs no promise
      // and `then` one promise less than an async function that awaits it, which counts with async hooks on
      if (isThenable(reply)) {
        reply.then(
          (value) => this.answer(value),
          (error: unknown) => this.fail(error),
        );
      } else this.answer(reply);
    } catch (error) {
      this.fail(error);
    }
  }

  /** After a check that took its time: nobody may want the reply any more. */
  private begin(request: unknown): unknown {
    if (!this.running) return undefined;
    if (this.expired) throw late(this.route.endpoint);
    return handle(this.server, this.route, request, this);
  }

  override cancel(reason?: unknown): void {
    super.cancel(reason);
    if (this.running) this.end(reason);
  }

  /** A deadline aborts the handler, whose caller is told so, whether or not the handler ever ends. */
  override expire(): void {
    const error = late(this.route.endpoint);
    super.cancel(error);
    this.fail(error);
  }

  private get expired(): boolean {
    return this.endsAt !== 0 && now() >= this.endsAt;
  }

  private answer(reply: unknown): void {
    if (!this.running) return;
    let body: Body;
    try {
      // The caller gives up in the same moment: it must not get a reply that was made of its own abort
      if (this.expired) throw late(this.route.endpoint);
      body = this.route.encode(reply);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.end();
    this.call.reply(body, this.server.carried(this));
  }

  private fail(error: unknown): void {
    const failure = this.server.failure(this.route, error);
    if (!this.running) return;
    this.end(failure);
    this.call.fail(failure, 'yes', this.server.carried(this));
  }

  private end(error?: unknown): void {
    this.running = false;
    if (this.trace !== undefined) traceEnd(this.trace, error);
    this.finish();
    this.server.leave();
  }
}

const ready: ServerCall[] = [];
const resolved = Promise.resolve();

function runBatch(): void {
  asNobody(runReady);
}

function runReady(): void {
  for (let next = 0; next < ready.length; next++) {
    try {
      ready[next]?.run();
    } catch (error) {
      report('plugin.warning', 'a transport threw when it was answered', error); // and calls behind it go on
    }
  }
  ready.length = 0;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
