import { Attempts } from './attempts.ts';
import type { CallOptions } from './context.ts';
import type { Node } from './nodes.ts';
import type { Remote } from './remote.ts';
import type { ReplyMetadata } from './reply.ts';
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
): Promise<unknown> {
  const promise = new Promise(grab);
  new UnaryCall(remote, request, options).begin();
  return promise;
}

const unsent = new Uint8Array(0);

class UnaryCall extends Attempts implements OutgoingCall {
  /** Encoded by the first attempt. */
  body: Body = unsent;
  private readonly request: unknown;
  private readonly resolve: (value: unknown) => void = grabbedResolve;
  private readonly rejectPromise: (error: unknown) => void = grabbedReject;

  constructor(remote: Remote, request: unknown, options: CallOptions | undefined) {
    super(remote, options);
    this.request = request;
  }

  done(body: Body, metadata?: ReplyMetadata): void {
    if (this.over) return;
    this.answered();
    this.finish();
    const { decode, check } = this.remote;
    try {
      if (metadata !== undefined) this.tell(metadata);
      const reply = decode(body);
      this.resolve(check === undefined ? reply : check(reply));
    } catch (error) {
      this.rejectPromise(error);
    }
  }

  protected override reject(error: unknown): void {
    this.rejectPromise(error);
  }

  protected override get silent(): boolean {
    return true;
  }

  protected override get repeatable(): boolean {
    return true;
  }

  protected override send(node: Node): void {
    if (this.body === unsent) this.body = this.remote.encode(this.request);
    node.connection.request(this);
  }

  protected override abandon(node: Node): void {
    node.connection.cancel(this);
  }
}
