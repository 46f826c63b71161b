import { ambient } from './context.ts';
import { MicroError } from './errors.ts';
import type { HandlerContext } from './handler-context.ts';
import { type Call, compose, markStream } from './middleware.ts';
import type { ServerRoute } from './routes.ts';
import type { Server } from './server.ts';

/** Runs the route's handler behind the server's middleware, in its ambient context where somebody could ask for it. */
export function handle(server: Server, route: ServerRoute, input: unknown, ctx: HandlerContext): unknown {
  const { middleware, ambient: wanted } = server.options;
  const run = middleware.length === 0 ? route.handler : wrapped(server, route);
  return ambient.on && wanted ? ambient.storage.run(ctx, run, input, ctx) : run(input, ctx);
}

function wrapped(
  server: Server,
  route: ServerRoute,
): (input: unknown, ctx: HandlerContext) => Promise<unknown> {
  return (input, ctx) => {
    const { kind, endpoint, idempotent } = route;
    const { metadata, deadline } = ctx;
    const base = {
      side: 'server' as const,
      service: server.options.name,
      endpoint,
      idempotent,
      metadata,
      deadline,
      get signal() {
        return ctx.signal;
      },
      get reply() {
        return ctx.reply;
      },
      get: ctx.get.bind(ctx),
      set: ctx.set.bind(ctx),
    };
    // not copied, so that signal and reply are made only when somebody asks
    const call: Call =
      kind === 'unary'
        ? Object.assign(base, { kind, request: input })
        : Object.assign(base, {
            kind,
            requests: kind === 'server-stream' ? just(input) : (input as AsyncIterable<unknown>),
          });
    return compose(server.options.middleware, (last) => finish(route, last, ctx))(call);
  };
}

async function finish(route: ServerRoute, call: Call, ctx: HandlerContext): Promise<unknown> {
  if (call.kind === 'unary' || call.kind === 'event') return route.handler(call.request, ctx);
  if (call.kind === 'client-stream') return route.handler(call.requests, ctx);
  const input =
    call.kind === 'server-stream' ? await onlyMessage(call.requests, 'the caller') : call.requests;
  return markStream(route.handler(input, ctx) as AsyncIterable<unknown>);
}

/** One message as a stream. */
export async function* just(message: unknown): AsyncGenerator<unknown, void, undefined> {
  yield message;
}

/** The only message of a stream that must have exactly one. */
export async function onlyMessage(messages: AsyncIterable<unknown>, whose: string): Promise<unknown> {
  const seen: unknown[] = [];
  for await (const message of messages) {
    seen.push(message);
    if (seen.length > 1) break;
  }
  if (seen.length === 1) return seen[0];
  throw new MicroError(
    'bad_request',
    `${whose} sent ${seen.length === 0 ? 'no message' : 'more than one message'} where one is due`,
  );
}
