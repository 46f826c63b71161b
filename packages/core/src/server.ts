import { report } from './background.ts';
import type { Codec } from './codec.ts';
import { type Delivered, isMicroError, type MicroError, remoteError } from './errors.ts';
import type { HandlerContext } from './handler-context.ts';
import type { Metadata } from './metadata.ts';
import type { Middleware } from './middleware.ts';
import { asNobody } from './nobody.ts';
import type { ReplyMetadata } from './reply.ts';
import { Routes, type ServerRoute } from './routes.ts';
import { ServerCall } from './server-call.ts';
import { ServerStream } from './server-stream.ts';
import type { CallTrace } from './tracing.ts';
import type {
  Acceptor,
  IncomingCall,
  IncomingStream,
  Route,
  ServedEndpoint,
  StreamReceiver,
  Work,
} from './transport.ts';

export interface ServerOptions {
  readonly name: string;
  /** Calls and streams under way at once; more are refused with `overloaded`. */
  readonly maxInFlight: number;
  readonly middleware: readonly Middleware[];
  /** Whether handlers may run in their ambient context. */
  readonly ambient: boolean;
  /** What is spoken, by content type. */
  readonly codecs: () => ReadonlyMap<string, Codec>;
  /** The transport carries values. */
  readonly values: () => boolean;
  /** The transport carries the metadata of answers. */
  readonly replyMetadata: () => boolean;
}

/** Runs handlers for whatever transport there is. */
export class Server implements Acceptor {
  readonly routes: Routes;
  readonly options: ServerOptions;
  private inFlight = 0;
  private leaving = false;
  private warned = false;
  private whenIdle: (() => void) | undefined;

  constructor(options: ServerOptions) {
    this.options = options;
    this.routes = new Routes(options.codecs, options.values);
  }

  get endpoints(): readonly ServedEndpoint[] {
    return this.routes.served;
  }

  route(service: string, endpoint: string, contentType: string): ServerRoute {
    return this.routes.route(service, endpoint, contentType);
  }

  call(route: Route, call: IncomingCall): Work {
    const work = new ServerCall(this, route as ServerRoute, call);
    work.start();
    return work;
  }

  stream(route: Route, stream: IncomingStream): StreamReceiver {
    const work = new ServerStream(this, route as ServerRoute, stream);
    // Owned by nobody, as it never rejects: run() answers whatever happens
    void asNobody(() => work.run());
    return work;
  }

  /** Why new work is not taken, if it is not. Counts what is taken until `leave`. */
  enter(route: ServerRoute, streamed: boolean): MicroError | undefined {
    if (route.refusal !== undefined) return route.refusal;
    if (streamed !== (route.kind !== 'unary')) {
      const way = streamed
        ? 'takes one request and gives one reply: it cannot be streamed'
        : 'must be opened as a stream';
      return remoteError('bad_request', `${route.endpoint} ${way}`, { id: 'go.micro.server' });
    }
    if (this.leaving || this.inFlight >= this.options.maxInFlight) {
      report('call.refused', `${this.options.name} ${route.endpoint}`);
      return this.leaving
        ? remoteError('unavailable', `service "${this.options.name}" is going away`, {
            id: 'go.micro.server',
          })
        : remoteError('overloaded', `service "${this.options.name}" has ${this.inFlight} calls under way`, {
            id: 'go.micro.server',
          });
    }
    this.inFlight++;
    return undefined;
  }

  leave(): void {
    if (--this.inFlight === 0) this.whenIdle?.();
  }

  /** Refuses new work from now on; resolves when the last has ended, or the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    this.leaving = true;
    if (this.inFlight === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.whenIdle = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** What goes back besides the reply; where the transport cannot, that is reported once. */
  carried(ctx: HandlerContext): ReplyMetadata | undefined {
    const { said } = ctx;
    if (said === undefined || this.options.replyMetadata()) return said;
    if (!this.warned)
      report('plugin.warning', `${this.options.name}: its transport carries no reply metadata`);
    this.warned = true;
    return undefined;
  }

  describe({ endpoint, kind }: ServerRoute, metadata: Metadata): Omit<CallTrace, 'error'> {
    return { side: 'server', service: this.options.name, endpoint, kind, metadata };
  }

  /** What the caller is told of what a handler threw: a MicroError as it is, of anything else nothing. */
  failure(route: ServerRoute, error: unknown): MicroError {
    const { name } = this.options;
    // A copy, as over a wire: the handler may keep its own or have frozen it, and cause and stack stay here
    if (isMicroError(error))
      return remoteError(error.code, error.message, { id: error.id || name, status: error.status });
    report('call.failed', `${name} ${route.endpoint}`, error);
    return remoteError('internal', `${route.endpoint} failed`, { id: name });
  }
}

/** The deadline passed before the reply was there. */
export function late(endpoint: string): MicroError {
  return remoteError('timeout', `the deadline of ${endpoint} has passed`, { id: 'go.micro.server' });
}

/** Work that was not taken may go elsewhere; an endpoint that is not there has answered. */
export function deliveredOf(refusal: MicroError): Delivered {
  return refusal.code === 'unavailable' || refusal.code === 'overloaded' ? 'no' : 'yes';
}
