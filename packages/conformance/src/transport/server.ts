import type {
  Acceptor,
  IncomingCall,
  IncomingStream,
  Listener,
  ListenOptions,
  Route,
  ServedEndpoint,
  StreamKind,
  Transport,
} from '@micro/core';
import { MicroError } from '@micro/core';
import { describe } from '../expectations.ts';
import type { TransportScope } from './harness.ts';
import { ReceivingEnd } from './receiving-end.ts';
import { Rules } from './rules.ts';

/** What a transport has handed to the acceptor. */
interface Served {
  readonly service: string;
  readonly endpoint: string;
  readonly contentType: string;
}
export interface ServedCall extends Served {
  readonly incoming: IncomingCall;
  readonly cancelled: boolean;
}
interface ServedStream extends Served {
  readonly incoming: IncomingStream;
  readonly from: ReceivingEnd;
}

export interface Server {
  readonly transport: Transport;
  readonly listener: Listener;
  readonly address: string;
  readonly calls: readonly ServedCall[];
  readonly streams: readonly ServedStream[];
  /** From now on everything is refused before the handler, as core does while it drains. */
  refuse(): void;
}

export interface Handlers {
  /** Answers a call, later than it has come. @default replies with the body */
  readonly call?: ((served: ServedCall) => void) | undefined;
  /** Takes a stream, in the next turn of the event loop. @default nothing */
  readonly stream?: ((served: ServedStream) => void | Promise<void>) | undefined;
}

export const kinds: Readonly<Record<string, 'unary' | StreamKind>> = {
  'Test.Unary': 'unary',
  'Test.ServerStream': 'server-stream',
  'Test.ClientStream': 'client-stream',
  'Test.Bidi': 'bidi',
};
const endpoints: readonly ServedEndpoint[] = Object.entries(kinds).map(([name, kind]) => ({
  name,
  kind,
  request: undefined,
  response: undefined,
}));

/** Listens until the case ends, with an acceptor that stands for core's server. */
export async function serve(
  scope: TransportScope,
  handlers: Handlers = {},
  options: ListenOptions = {},
): Promise<Server> {
  const transport = await scope.create();
  const rules = new Rules(scope);
  const calls: ServedCall[] = [];
  const streams: ServedStream[] = [];
  const routes = new WeakMap<Route, Served>();
  const reply = ({ incoming }: ServedCall): void => incoming.reply(incoming.body);
  const { call: answer = reply, stream: take } = handlers;
  let refusing = false;

  const servedBy = (route: Route): Served => {
    const served = routes.get(route);
    if (served !== undefined) return served;
    rules.broken('the acceptor was given a route that is not its own');
    return { service: '', endpoint: '', contentType: '' };
  };
  const refusal = (): MicroError => new MicroError('unavailable', 'the service is stopping', { id: 'test' });

  const handle = (served: ServedStream): void => {
    const run = async (): Promise<void> => take?.(served);
    run().catch((error: unknown) => rules.broken(`the server's end of a stream failed: ${describe(error)}`));
  };

  const acceptor: Acceptor = {
    endpoints,
    route(service, endpoint, contentType) {
      const kind = Object.hasOwn(kinds, endpoint) ? kinds[endpoint] : undefined;
      const route: Route = { found: true, kind: kind ?? 'unary', text: contentType === 'application/json' };
      routes.set(route, { service, endpoint, contentType });
      return route;
    },
    call(route, incoming) {
      let cancelled = false;
      const served: ServedCall = {
        ...servedBy(route),
        incoming,
        get cancelled() {
          return cancelled;
        },
      };
      const refused = refusing;
      calls.push(served);
      setImmediate(() => {
        if (cancelled) return;
        if (refused) incoming.fail(refusal(), 'no');
        else answer(served);
      });
      return {
        cancel() {
          if (cancelled) rules.broken('work was cancelled twice');
          cancelled = true;
        },
      };
    },
    stream(route, incoming) {
      const from = new ReceivingEnd(rules, 'server');
      const served: ServedStream = { ...servedBy(route), incoming, from };
      const refused = refusing;
      streams.push(served);
      from.sink = incoming.sink;
      from.busy = true; // until this returns nothing may be told
      setImmediate(() => {
        if (refused) incoming.sink.abort(refusal(), 'no');
        else handle(served);
      });
      queueMicrotask(() => {
        from.busy = false;
      });
      return from;
    },
  };
  const listener = await transport.listen(acceptor, {
    address: scope.harness.address?.() ?? '127.0.0.1:0',
    ...options,
  });
  scope.defer(() => listener.close({ signal: AbortSignal.abort() }));
  return {
    transport,
    listener,
    address: listener.address,
    calls,
    streams,
    refuse() {
      refusing = true;
    },
  };
}
