import {
  type Acceptor,
  type Body,
  type Connection,
  type Delivered,
  type IncomingCall,
  type IncomingStream,
  type Listener,
  type Metadata,
  MicroError,
  noMetadata,
  type OutgoingCall,
  type OutgoingStream,
  type Route,
  type StreamKind,
  type StreamReceiver,
  type Target,
  type Work,
} from '@micro/core';

/** What a handler of a test sees of a call: it answers when it likes. */
export interface Taken {
  readonly route: TestRoute;
  readonly call: IncomingCall;
  cancelled: boolean;
}
export interface TestRoute extends Route {
  readonly service: string;
  readonly endpoint: string;
  readonly contentType: string;
}

/** A server's stream, with what came in. */
export class ServedStream implements StreamReceiver {
  readonly stream: IncomingStream;
  readonly route: TestRoute;
  readonly messages: Body[] = [];
  ended = false;
  failure: MicroError | undefined;
  drains = 0;
  onMessage: ((body: Body) => void) | undefined;
  onEnd: (() => void) | undefined;
  onDrained: (() => void) | undefined;

  constructor(route: TestRoute, stream: IncomingStream) {
    this.route = route;
    this.stream = stream;
  }
  message(body: Body): void {
    this.messages.push(body);
    this.onMessage?.(body);
  }
  end(): void {
    this.ended = true;
    this.onEnd?.();
  }
  fail(error: MicroError): void {
    this.failure = error;
  }
  drained(): void {
    this.drains++;
    this.onDrained?.();
  }
}

/**
 * A server without codecs. `Test.echo` answers with its body, `Test.fail` with an error, `Test.refuse` with one of
 * delivered `no`, `Test.hold` when the test likes; `Test.client`, `Test.server` and `Test.bidi` are streams.
 */
export class TestAcceptor implements Acceptor {
  readonly endpoints = [];
  readonly taken: Taken[] = [];
  readonly streams: ServedStream[] = [];
  routed = 0;
  error: MicroError = new MicroError('not_found', 'user <42> not found: ñ', { id: 'greeter' });
  onStream: ((served: ServedStream) => void) | undefined;

  route(service: string, endpoint: string, contentType: string): TestRoute {
    this.routed++;
    const kinds: Record<string, StreamKind> = {
      'Test.client': 'client-stream',
      'Test.server': 'server-stream',
      'Test.bidi': 'bidi',
    };
    const text = contentType === 'application/json';
    return {
      service,
      endpoint,
      contentType,
      kind: kinds[endpoint] ?? 'unary',
      text,
      found: endpoint.startsWith('Test.'),
    };
  }

  call(route: TestRoute, call: IncomingCall): Work {
    const taken: Taken = { route, call, cancelled: false };
    this.taken.push(taken);
    queueMicrotask(() => {
      if (taken.cancelled) return;
      if (route.endpoint === 'Test.echo') call.reply(call.body);
      else if (route.endpoint === 'Test.fail') call.fail(this.error, 'yes');
      else if (route.endpoint === 'Test.refuse') call.fail(new MicroError('unavailable', 'going away'), 'no');
      else if (!route.found || route.kind !== 'unary')
        call.fail(new MicroError('not_found', `no ${route.endpoint}`), 'yes');
    });
    return {
      cancel: () => {
        taken.cancelled = true;
      },
    };
  }

  stream(route: TestRoute, stream: IncomingStream): StreamReceiver {
    const served = new ServedStream(route, stream);
    this.streams.push(served);
    this.onStream?.(served);
    return served;
  }
}

let targets = 0;
const known = new Map<string, Target>();
export function target(endpoint: string, contentType = 'application/json', service = 'greeter'): Target {
  const key = `${service} ${endpoint} ${contentType}`;
  let found = known.get(key);
  if (found === undefined) {
    found = { index: ++targets, service, endpoint, contentType, text: contentType === 'application/json' };
    known.set(key, found);
  }
  return found;
}

export interface Failure {
  readonly error: MicroError;
  readonly delivered: Delivered;
}

/** A call of a test: resolves to the body, or rejects with what `fail` was given. */
export class TestCall implements OutgoingCall {
  readonly target: Target;
  readonly body: Body;
  readonly deadline: number;
  readonly metadata: Metadata | undefined;
  slot = 0;
  outcomes = 0;
  readonly result: Promise<Body>;
  private resolve: (body: Body) => void = () => undefined;
  private reject: (failure: Failure) => void = () => undefined;

  constructor(of: Target, body: Body, metadata?: Metadata, deadline = 0) {
    this.target = of;
    this.body = body;
    this.deadline = deadline;
    this.metadata = metadata;
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.result.catch(() => undefined); // a test that does not look at it has its reasons
  }
  done(body: Body): void {
    this.outcomes++;
    this.resolve(body);
  }
  fail(error: MicroError, delivered: Delivered): void {
    this.outcomes++;
    this.reject({ error, delivered });
  }
}

export function send(
  connection: Connection,
  of: Target,
  body: Body,
  metadata?: Metadata,
  deadline?: number,
): TestCall {
  const call = new TestCall(of, body, metadata, deadline);
  connection.request(call);
  if (call.outcomes > 0) throw new Error('ended before request() returned');
  return call;
}

/** How the call failed; throws when it did not. */
export async function failureOf(call: { readonly result: Promise<unknown> }): Promise<Failure> {
  try {
    await call.result;
  } catch (failure) {
    return failure as Failure;
  }
  throw new Error('it did not fail');
}

export class TestStream implements OutgoingStream {
  readonly kind: StreamKind;
  readonly target: Target;
  readonly deadline: number;
  readonly metadata: Metadata | undefined;
  readonly messages: Body[] = [];
  drains = 0;
  onMessage: ((body: Body) => void) | undefined;
  onDrained: (() => void) | undefined;
  readonly result: Promise<readonly Body[]>;
  private resolve: () => void = () => undefined;
  private reject: (failure: Failure) => void = () => undefined;

  constructor(kind: StreamKind, of: Target, metadata: Metadata = noMetadata, deadline = 0) {
    this.kind = kind;
    this.target = of;
    this.metadata = metadata;
    this.deadline = deadline;
    this.result = new Promise((resolve, reject) => {
      this.resolve = () => resolve(this.messages);
      this.reject = reject;
    });
    this.result.catch(() => undefined); // as above
  }
  message(body: Body): void {
    this.messages.push(body);
    this.onMessage?.(body);
  }
  end(): void {
    this.resolve();
  }
  fail(error: MicroError, delivered: Delivered): void {
    this.reject({ error, delivered });
  }
  drained(): void {
    this.drains++;
    this.onDrained?.();
  }
}

/** The port of a listener. */
export function portOf(listener: Listener): number {
  return Number(listener.address.slice(listener.address.lastIndexOf(':') + 1));
}
export function dialable(listener: Listener): string {
  return `127.0.0.1:${portOf(listener)}`;
}
