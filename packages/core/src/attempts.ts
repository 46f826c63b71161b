import { AsyncResource } from 'node:async_hooks';
import { report } from './background.ts';
import { now } from './clock.ts';
import { ambient, type CallOptions } from './context.ts';
import { deadlines, type Expiring } from './deadlines.ts';
import { type Delivered, MicroError, remoteError } from './errors.ts';
import { type HandlerContext, isHandlerContext } from './handler-context.ts';
import { type Metadata, mergeMetadata } from './metadata.ts';
import { noNode } from './no-node.ts';
import type { Node } from './nodes.ts';
import { offAbort, onAbort } from './on-abort.ts';
import type { Remote } from './remote.ts';
import { isAny, type ReplyMetadata } from './reply.ts';
import { backoffMs } from './retry.ts';
import { type CallTrace, traced, traceEnd, traceStart } from './tracing.ts';
import type { Target } from './transport.ts';

const timeoutsInARow = 5;
const leastRetryMs = 1;

/**
 * What calls and streams share on the client's side: deadline, cancel, context, choice of a node, feedback to it,
 * and further attempts where they are safe. One object from the first attempt to the end.
 */
export abstract class Attempts implements Expiring {
  readonly remote: Remote;
  readonly target: Target;
  readonly deadline: number;
  readonly metadata: Metadata | undefined;
  place = -1;
  slot = 0;
  protected node: Node | undefined = undefined;
  protected over = false;
  private readonly parent: HandlerContext | undefined;
  private readonly options: CallOptions | undefined;
  private sentAt = 0;
  /** One entry for each failed attempt; undefined where there was no node. */
  private tried: (Node | undefined)[] | undefined;
  /** A failed attempt may have reached a handler: whatever follows, the call is not undelivered. */
  private seen = false;
  /** Takes back a wait: for the registry, or for the next attempt. */
  private stopWaiting: (() => void) | undefined;
  private onAbort: (() => void) | undefined;
  private trace: CallTrace | undefined;

  constructor(remote: Remote, options: CallOptions | undefined) {
    this.remote = remote;
    this.target = remote.target;
    this.options = options;
    const wait = options?.timeoutMs ?? remote.timeoutMs;
    if (Number.isNaN(wait)) throw new MicroError('bad_request', 'timeoutMs must be a number, not NaN');
    const parent = options?.ctx ?? (remote.ambient ? ambient.storage.getStore() : undefined);
    let deadline = wait === 0 || wait === Number.POSITIVE_INFINITY ? 0 : now() + Math.ceil(Math.max(0, wait));
    let metadata = options?.metadata;
    if (isHandlerContext(parent)) {
      this.parent = parent;
      if (parent.endsAt !== 0 && (deadline === 0 || parent.endsAt < deadline)) deadline = parent.endsAt;
      metadata = metadata === undefined ? parent.inherited : mergeMetadata(parent.inherited, metadata);
    } else {
      this.parent = undefined;
      if (metadata !== undefined) metadata = mergeMetadata(undefined, metadata);
    }
    this.deadline = deadline;
    this.metadata = metadata;
  }

  get endsAt(): number {
    return this.deadline;
  }

  /** Hands the attempt to the node's connection. */
  protected abstract send(node: Node): void;
  /** Tells the connection that nobody waits any more. */
  protected abstract abandon(node: Node): void;
  protected abstract reject(error: unknown): void;
  /** Whether nothing at all has come from the node. */
  protected abstract get silent(): boolean;
  /** Whether another attempt would start from the same place. */
  protected abstract get repeatable(): boolean;

  begin(): void {
    const { parent, options, deadline } = this;
    const signal = options?.signal;
    let early: MicroError | undefined;
    if (parent?.cancelled) early = this.canceled();
    else if (deadline !== 0 && deadline <= now()) early = this.timedOut();
    else if (signal?.aborted) early = this.canceled(signal.reason);
    if (early !== undefined) {
      this.over = true;
      this.reject(early);
      return;
    }
    if (signal !== undefined) {
      this.onAbort = () => this.cancel(signal.reason);
      onAbort(signal, this.onAbort);
    }
    parent?.adopt(this);
    if (traced()) this.trace = traceStart(this.described);
    if (deadline !== 0) deadlines.add(this);
    this.remote.service.used = true;
    this.remote.service.budget.deposit();
    this.launch();
  }

  /** Ends the call from this side: the signal aborted, or the handler that made it has ended. */
  cancel(reason: unknown): void {
    if (this.over) return;
    const error = this.canceled(reason);
    this.leave(error);
    this.reject(error);
  }

  expire(): void {
    if (this.over) return;
    const { node } = this;
    if (node !== undefined && this.silent && (++node.timeouts >= timeoutsInARow || node.trying)) {
      node.timeouts = 0;
      this.remote.service.nodes.putOut(node, `${timeoutsInARow} calls in a row, or a trial, had no reply`);
    }
    const error = this.timedOut();
    this.leave(error);
    this.reject(error);
  }

  get wantsMetadata(): boolean {
    return this.options?.onHeader !== undefined || this.options?.onTrailer !== undefined;
  }

  /** Gives the caller the metadata of the answer. Throws what the caller's own functions throw. */
  protected tell({ header, trailer }: ReplyMetadata): void {
    if (isAny(header)) this.options?.onHeader?.(header);
    if (isAny(trailer)) this.options?.onTrailer?.(trailer);
  }

  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void {
    if (this.over) return;
    const node = this.free();
    // One object may end many calls, which came to different ends
    if (error.delivered) error = remoteError(error.code, error.message, error);
    error.delivered = delivered === 'no' ? this.delivered : delivered;
    this.seen ||= delivered !== 'no';
    if (node !== undefined) this.learn(node, error, delivered);
    const retries = this.options?.retries ?? this.remote.retries;
    if ((this.tried?.length ?? 0) < retries && this.maySendAgain(error, delivered)) {
      this.again(node, error);
      return;
    }
    this.finish(error);
    try {
      if (metadata !== undefined) this.tell(metadata);
      this.reject(error);
    } catch (thrown) {
      this.reject(thrown);
    }
  }

  /** The node answered: it is alive. */
  protected answered(): void {
    const node = this.free();
    if (node === undefined) return;
    if (node.strikes !== 0 || node.timeouts !== 0) this.remote.service.nodes.restore(node);
    if (this.sentAt !== 0) {
      const elapsed = performance.now() - this.sentAt;
      // Rises at once, falls slowly, so that one slow node is seen by its first slow reply (Finagle's peak EWMA)
      node.latencyMs = elapsed > node.latencyMs ? elapsed : node.latencyMs * 0.9 + elapsed * 0.1;
    }
  }

  protected finish(error?: unknown): void {
    this.over = true;
    if (this.trace !== undefined) traceEnd(this.trace, error);
    if (this.place >= 0) deadlines.remove(this);
    this.parent?.disown(this);
    const signal = this.options?.signal;
    if (this.onAbort !== undefined && signal !== undefined) offAbort(signal, this.onAbort);
    if (this.stopWaiting !== undefined) {
      this.stopWaiting();
      this.stopWaiting = undefined;
    }
  }

  private launch(): void {
    const { service } = this.remote;
    if (!service.known && service.failure === undefined) {
      // What the caller gave us (filter, codec, its own stream) runs in its async context, not in the registry's
      this.wait(service.whenKnown(AsyncResource.bind(() => this.resume())));
      return;
    }
    try {
      const node = service.nodes.pick(this.options?.filter, this.options?.key, this.tried);
      if (node === undefined) {
        this.fail(noNode(this.remote), 'no');
        return;
      }
      this.node = node;
      node.pending++;
      if (service.nodes.observesLatency) this.sentAt = performance.now();
      this.send(node);
    } catch (error) {
      // A filter that throws, a message that cannot be written, an address that cannot be read: nothing has left
      this.free();
      this.finish(error);
      this.reject(error);
    }
  }

  private get described(): Omit<CallTrace, 'error'> {
    const { target, remote, metadata } = this;
    return {
      side: 'client',
      service: target.service,
      endpoint: target.endpoint,
      kind: remote.kind,
      metadata,
    };
  }

  private free(): Node | undefined {
    const { node } = this;
    if (node !== undefined) {
      node.pending--;
      this.node = undefined;
    }
    return node;
  }

  /** Ends what is under way from this side: nothing is learnt about the node. */
  protected leave(error?: unknown): void {
    const node = this.free();
    this.finish(error);
    if (node !== undefined) this.abandon(node);
  }

  private learn(node: Node, error: MicroError, delivered: Delivered): void {
    const { nodes } = this.remote.service;
    if (error.code === 'unavailable' && delivered !== 'yes') nodes.putOut(node, error);
    else if (node.strikes !== 0 || node.timeouts !== 0) nodes.restore(node);
  }

  private maySendAgain(error: MicroError, delivered: Delivered): boolean {
    if (!this.repeatable || this.remote.service.closed) return false;
    if (delivered === 'no')
      return error.code === 'unavailable' || error.code === 'overloaded' || error.code === 'not_found';
    const transient = delivered === 'maybe' || error.code === 'unavailable' || error.code === 'overloaded';
    return this.remote.idempotent && transient && this.remote.service.budget.withdraw();
  }

  private again(node: Node | undefined, error: MicroError): void {
    this.tried ??= [];
    const failures = this.tried.push(node);
    const { tried, remote } = this;
    const untried = remote.service.nodes.all.some((one) => one.outUntil === 0 && !tried.includes(one));
    const delay = untried && failures === 1 ? 0 : Math.max(leastRetryMs, backoffMs(failures - 1));
    if (this.deadline !== 0 && now() + delay >= this.deadline) {
      this.finish(error); // a wait past the deadline would only hide why there is no reply
      this.reject(error);
      return;
    }
    report('call.retried', `${this.target.service} ${this.target.endpoint}`, error);
    const timer = setTimeout(() => this.resume(), delay);
    this.wait(() => clearTimeout(timer));
  }

  private wait(stop: () => void): void {
    deadlines.hold();
    this.stopWaiting = () => {
      deadlines.release();
      stop();
    };
  }

  private resume(): void {
    this.stopWaiting?.();
    this.stopWaiting = undefined;
    this.launch();
  }

  /** Whether a handler can have seen the call, when it ends now and from this side. */
  private get delivered(): Delivered {
    return this.node === undefined && !this.seen ? 'no' : 'maybe';
  }

  private timedOut(): MicroError {
    return this.givenUp('timeout', 'no reply from', 'before the deadline');
  }

  private canceled(reason?: unknown): MicroError {
    return this.givenUp('canceled', 'the call of', 'was cancelled', reason);
  }

  private givenUp(code: 'timeout' | 'canceled', before: string, after: string, cause?: unknown): MicroError {
    const { service, endpoint } = this.target;
    const message = `${before} ${service} ${endpoint} ${after}`;
    const error = remoteError(code, message, { id: 'go.micro.client', cause });
    error.delivered = this.delivered;
    return error;
  }
}
