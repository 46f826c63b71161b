import { now } from './clock.ts';
import { ambient } from './context.ts';
import { deadlines } from './deadlines.ts';
import { MicroError } from './errors.ts';
import { HandlerContext } from './handler-context.ts';
import { handle, onlyMessage } from './handling.ts';
import { Inbox } from './inbox.ts';
import { Outbox } from './outbox.ts';
import { isAny, type ReplyDraft, type ReplyMetadata } from './reply.ts';
import type { ServerRoute } from './routes.ts';
import { deliveredOf, late, type Server } from './server.ts';
import { type CallTrace, traced, traceEnd, traceStart } from './tracing.ts';
import type { Body, IncomingStream, StreamReceiver, StreamSink } from './transport.ts';

/** A stream from the server's side. */
export class ServerStream implements StreamReceiver {
  private readonly server: Server;
  private readonly route: ServerRoute;
  private readonly sink: StreamSink;
  private readonly ctx: StreamContext;
  private readonly requests: Inbox = new Inbox(() => undefined);
  private outbox: Outbox | undefined;
  /** The header has left, if there was one. */
  begun = false;
  private running = false;
  private trace: CallTrace | undefined;

  constructor(server: Server, route: ServerRoute, stream: IncomingStream) {
    this.server = server;
    this.route = route;
    this.sink = stream.sink;
    this.requests.sink = stream.sink;
    this.ctx = new StreamContext(stream, this, route.endpoint);
  }

  /** Never rejects: whatever happens is answered. */
  async run(): Promise<void> {
    await null; // the handler never runs in the transport's stack
    const { server, route, sink, ctx, requests } = this;
    if (ctx.cancelled) return;
    const refusal = server.enter(route, true);
    if (refusal !== undefined) {
      sink.abort(refusal, deliveredOf(refusal));
      return;
    }
    this.running = true;
    if (traced()) this.trace = traceStart(server.describe(route, ctx.metadata));
    try {
      if (ctx.endsAt !== 0) {
        if (now() >= ctx.endsAt) throw late(route.endpoint);
        if (ctx.place < 0) deadlines.add(ctx);
      }
      const input = route.kind === 'server-stream' ? await onlyMessage(requests, 'the caller') : requests;
      const reply = await handle(server, route, input, ctx);
      if (route.kind === 'client-stream') this.write(reply);
      else await this.writeAll(reply);
      if (!this.running) return;
      const metadata = this.begin();
      this.finish();
      sink.end(metadata);
    } catch (error) {
      const failure = server.failure(route, error);
      if (!this.running) return;
      const metadata = this.begin();
      this.finish(failure);
      sink.abort(failure, 'yes', metadata);
    }
  }

  message(body: Body): void {
    const { decode, check } = this.route;
    try {
      const message = decode(body);
      this.requests.push(check === undefined ? message : check(message));
    } catch (error) {
      this.requests.end(error);
    }
  }

  end(): void {
    this.requests.end();
  }

  drained(): void {
    this.outbox?.drained();
  }

  fail(error: MicroError): void {
    this.ctx.cancel(error);
  }

  /** The caller has left, or its deadline has passed. */
  cancelled(reason: unknown): void {
    this.requests.end(reason);
    if (!this.running) return;
    this.finish(reason);
    const { lateness } = this.ctx;
    if (lateness !== undefined) this.sink.abort(lateness, 'yes', this.begin());
  }

  private write(message: unknown): boolean {
    if (!this.running) return true;
    const body = this.route.encode(message);
    if (!this.begun) this.begin();
    return this.sink.write(body);
  }

  /** Sends the header, if that was not done; what goes with the end is the result. */
  private begin(): ReplyMetadata | undefined {
    const metadata = this.server.carried(this.ctx);
    if (!this.begun && isAny(metadata?.header)) this.sink.header?.(metadata.header);
    this.begun = true;
    this.ctx.begun();
    return metadata && { trailer: metadata.trailer };
  }

  private async writeAll(reply: unknown): Promise<void> {
    if (typeof reply !== 'object' || reply === null || !(Symbol.asyncIterator in reply)) {
      throw new MicroError('internal', `the handler of ${this.route.endpoint} must return an async iterable`);
    }
    const outbox = new Outbox(reply as AsyncIterable<unknown>, (message) => this.write(message));
    this.outbox = outbox;
    const { server, ctx } = this;
    if (!this.running) outbox.stop();
    // A generator runs in the context of who asks it for more
    else if (ambient.on && server.options.ambient) await ambient.storage.run(ctx, () => outbox.start());
    else await outbox.start();
  }

  private finish(error?: unknown): void {
    this.running = false;
    if (this.trace !== undefined) traceEnd(this.trace, error);
    this.ctx.finish();
    this.requests.end();
    this.outbox?.stop();
    this.server.leave();
  }
}

/** The context of a stream's handler: its deadline ends the stream, whether or not the handler looks. */
class StreamContext extends HandlerContext {
  lateness: MicroError | undefined;
  private readonly owner: ServerStream;
  private readonly endpoint: string;

  constructor(stream: IncomingStream, owner: ServerStream, endpoint: string) {
    super(stream);
    this.owner = owner;
    this.endpoint = endpoint;
  }

  override get reply(): ReplyDraft {
    const reply = super.reply;
    reply.begun = this.owner.begun;
    return reply;
  }

  begun(): void {
    if (this.draft !== undefined) this.draft.begun = true;
  }

  override cancel(reason?: unknown): void {
    if (this.cancelled) return;
    super.cancel(reason);
    this.owner.cancelled(reason);
  }

  override expire(): void {
    this.lateness = late(this.endpoint);
    this.cancel(this.lateness);
  }
}
