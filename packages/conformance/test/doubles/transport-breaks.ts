import {
  type Acceptor,
  type Connection,
  type Delivered,
  type IncomingStream,
  type Listener,
  type MicroError,
  memoryTransport,
  type OutgoingCall,
  type StreamSink,
  type Transport,
} from '@micro/core';
import type { TransportHarness } from '../../src/index.ts';
import type { Double } from './double.ts';

interface Break {
  readonly connection?: (inner: Connection) => Partial<Connection>;
  readonly listener?: (inner: Listener) => Partial<Listener>;
  readonly acceptor?: (inner: Acceptor) => Partial<Acceptor>;
  readonly transport?: (inner: Transport) => Partial<Transport>;
}

let networks = 0;

export const honestTransport: TransportHarness = {
  name: 'memory',
  features: memoryTransport().features,
  create: () => memoryTransport({ network: 'honest' }),
  patienceMs: 1_000,
};

export function double(name: string, caughtBy: string, broken: Break): Double<TransportHarness> {
  const network = `transport-double-${++networks}`;
  const create = (): Transport => {
    const inner = memoryTransport({ network });
    const transport: Transport = {
      ...inner,
      async listen(acceptor, options) {
        const listener = await inner.listen({ ...bound(acceptor), ...broken.acceptor?.(acceptor) }, options);
        return { ...listener, ...broken.listener?.(listener) };
      },
      dial(address, options) {
        const connection = inner.dial(address, options);
        const double = { ...bound(connection), ...broken.connection?.(connection) };
        return Object.defineProperty(double, 'state', { get: () => connection.state, configurable: true });
      },
    };
    return { ...transport, ...broken.transport?.(transport) };
  };
  return { name, caughtBy, harness: { ...honestTransport, name, create } };
}

/** An object of its own with the methods of an instance, so that single ones can be replaced. */
function bound<T extends Acceptor | Connection>(inner: T): T {
  const names = ['route', 'call', 'stream', 'request', 'cancel', 'open', 'close', 'destroy'];
  const methods = names.map((name) => [name, Reflect.get(inner, name)] as const);
  const own = methods.flatMap(([name, method]) =>
    typeof method === 'function' ? [[name, method.bind(inner)]] : [],
  );
  return Object.assign(Object.create(inner), Object.fromEntries(own));
}

/** Calls that are changed on their way. */
export function calls(change: (call: OutgoingCall) => Partial<OutgoingCall>): Break {
  return {
    connection(inner) {
      const sent = new WeakMap<OutgoingCall, OutgoingCall>();
      return {
        request(call) {
          const { target, body, deadline, metadata } = call;
          const other: OutgoingCall = {
            target,
            body,
            deadline,
            metadata,
            wantsMetadata: call.wantsMetadata,
            slot: -1,
            done: (reply, said) => call.done(reply, said),
            fail: (error, delivered, said) => call.fail(error, delivered, said),
            ...change(call),
          };
          sent.set(call, other);
          inner.request(other);
        },
        cancel: (call) => inner.cancel(sent.get(call) ?? call),
      };
    },
  };
}

/** What the client writes to, changed. */
export function clientSinks(change: (sink: StreamSink) => Partial<StreamSink>): Break {
  return {
    connection: (inner) => ({
      open(stream) {
        const sink = inner.open(stream);
        return { ...sink, ...change(sink) };
      },
    }),
  };
}

/** What the server writes to, changed. */
export function serverSinks(change: (sink: StreamSink) => Partial<StreamSink>): Break {
  return {
    acceptor: (inner) => ({
      stream: (route, { remainingMs, metadata, peer, sink }: IncomingStream) =>
        inner.stream(route, { remainingMs, metadata, peer, sink: { ...sink, ...change(sink) } }),
    }),
  };
}

export const errors = (
  change: (error: MicroError, delivered: Delivered) => readonly [MicroError, Delivered],
): Break => calls((call) => ({ fail: (error, delivered) => call.fail(...change(error, delivered)) }));
