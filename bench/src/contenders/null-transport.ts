import {
  type Acceptor,
  type Body,
  type Connection,
  type IncomingCall,
  type Listener,
  type Metadata,
  MicroError,
  noMetadata,
  type OutgoingCall,
  type OutgoingStream,
  type Peer,
  type Route,
  type StreamSink,
  type Transport,
} from '@micro/core';
import { now } from '@micro/core/plugin';

const address = 'null:1';
const peer: Peer = { address: 'null' };
let accepting: Acceptor | undefined;

/** Hands encoded bodies straight from the client to the server of its process: what core costs, and nothing else. */
export function nullTransport(): Transport {
  return {
    name: 'null',
    features: new Set(),
    carries: 'bytes',
    async listen(acceptor) {
      accepting = acceptor;
      const listener: Listener = {
        address,
        metadata: noMetadata,
        active: true,
        drain: () => undefined,
        close: async () => undefined,
      };
      return listener;
    },
    dial: () => new NullConnection(),
    close: async () => undefined,
  };
}

export class NullConnection implements Connection {
  readonly address: string = address;
  readonly state = 'ready';
  private readonly acceptor: Acceptor;
  private readonly routes: Route[] = [];

  constructor(acceptor: Acceptor | undefined = accepting) {
    if (acceptor === undefined) throw new Error('the null transport calls inside the process: listen first');
    this.acceptor = acceptor;
  }

  request(call: OutgoingCall): void {
    const { index, service, endpoint, contentType } = call.target;
    this.routes[index] ??= this.acceptor.route(service, endpoint, contentType);
    this.acceptor.call(this.routes[index], new NullCall(call));
  }

  cancel(): void {}

  open(stream: OutgoingStream): StreamSink {
    queueMicrotask(() => stream.fail(new MicroError('unimplemented', 'calls only'), 'no'));
    const ignore = (): void => undefined;
    return { write: () => true, end: ignore, abort: ignore, pause: ignore, resume: ignore };
  }

  async close(): Promise<void> {}

  destroy(): void {}
}

class NullCall implements IncomingCall {
  readonly body: Body;
  readonly remainingMs: number;
  readonly metadata: Metadata;
  readonly peer: Peer = peer;
  private readonly call: OutgoingCall;

  constructor(call: OutgoingCall) {
    this.call = call;
    this.body = call.body;
    this.remainingMs = call.deadline === 0 ? 0 : Math.max(Number.MIN_VALUE, call.deadline - now());
    this.metadata = call.metadata ?? noMetadata;
  }

  reply(body: Body): void {
    this.call.done(body);
  }

  fail(error: MicroError, delivered: 'no' | 'maybe' | 'yes'): void {
    this.call.fail(error, delivered);
  }
}
