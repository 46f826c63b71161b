import { Attempts } from './attempts.ts';
import type { CallOptions } from './context.ts';
import type { Node } from './nodes.ts';
import type { Remote } from './remote.ts';
import type { Body, OutgoingCall } from './transport.ts';

// The executor is shared: a call makes one promise, and no closure for it.
let grabbedResolve: (value: unknown) => void;
let grabbedReject: (error: unknown) => void;
const grab = (resolve: (value: unknown) => void, reject: (error: unknown) => void): void => {
  grabbedResolve = resolve;
  grabbedReject = reject;
};

/** Calls the endpoint: one object and one promise, whatever happens on the way. */
export function callUnary(
  remote: Remote,
  request: unknown,
  options: CallOptions | undefined,
  timeoutMs: number,
  retries: number,
): Promise<unknown> {
  const promise = new Promise(grab);
  new UnaryCall(remote, request, options, timeoutMs, retries).begin();
  return promise;
}

class UnaryCall extends Attempts implements OutgoingCall {
  /** Set before the first attempt is sent. */
  body: Body = '';
  private encoded = false;
  private readonly request: unknown;
  private readonly resolve: (value: unknown) => void = grabbedResolve;
  private readonly rejectPromise: (error: unknown) => void = grabbedReject;

  constructor(
    remote: Remote,
    request: unknown,
    options: CallOptions | undefined,
    timeoutMs: number,
    retries: number,
  ) {
    super(remote, options, timeoutMs, retries);
    this.request = request;
  }

  done(body: Body): void {
    if (this.over) return;
    this.answered();
    this.finish();
    const { decode, check } = this.remote;
    try {
      const reply = decode(body);
      this.resolve(check === undefined ? reply : check(reply));
    } catch (error) {
      this.rejectPromise(error);
    }
  }

  protected override reject(error: unknown): void {
    this.rejectPromise(error);
  }

  protected override get repeatable(): boolean {
    return true;
  }

  protected override send(node: Node): void {
    if (!this.encoded) {
      this.body = this.remote.encode(this.request);
      this.encoded = true;
    }
    node.connection.request(this);
  }

  protected override abandon(node: Node): void {
    node.connection.cancel(this);
  }
}
