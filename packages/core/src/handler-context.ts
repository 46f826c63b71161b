import { now } from './clock.ts';
import type { Context, ContextKey } from './context.ts';
import { deadlines, type Expiring } from './deadlines.ts';
import { remoteError } from './errors.ts';
import { type Metadata, noMetadata } from './metadata.ts';
import { isAny, ReplyDraft, type ReplyMetadata } from './reply.ts';
import type { Peer } from './transport.ts';

/** What a context is made from: a call, a stream, an event. */
export interface Origin {
  readonly remainingMs: number;
  readonly metadata: Metadata;
  readonly peer: Peer;
}
/** A call made by the handler: ends when the handler's caller leaves. */
export interface Nested {
  cancel(reason: unknown): void;
}

// Contexts cross copies of this package through the ambient storage that they share
const brand: unique symbol = Symbol.for('@micro/core/handler-context/1');

/** The context of a running handler. Signal, metadata and values are made when somebody asks. */
export class HandlerContext implements Context, Expiring {
  /** As `deadline`; 0: none. */
  readonly endsAt: number;
  cancelled = false;
  place = -1;
  private readonly origin: Origin;
  private controller: AbortController | undefined;
  private nested: Nested | Set<Nested> | undefined;
  private values: Map<symbol, unknown> | undefined;
  protected draft: ReplyDraft | undefined;

  constructor(origin: Origin) {
    this.origin = origin;
    this.endsAt = origin.remainingMs === 0 ? 0 : now() + origin.remainingMs;
  }

  get deadline(): number | undefined {
    return this.endsAt === 0 ? undefined : this.endsAt;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.cancelled) this.controller.abort(remoteError('canceled', 'the caller has left'));
      else if (this.endsAt !== 0 && this.place < 0) deadlines.add(this);
    }
    return this.controller.signal;
  }

  get metadata(): Metadata {
    return this.origin.metadata;
  }

  get caller(): Peer {
    return this.origin.peer;
  }

  get reply(): ReplyDraft {
    this.draft ??= new ReplyDraft();
    return this.draft;
  }

  /** What was set of it; undefined where nothing was. */
  get said(): ReplyMetadata | undefined {
    const { draft } = this;
    return draft !== undefined && (isAny(draft.header) || isAny(draft.trailer)) ? draft : undefined;
  }

  /** What nested calls send on; undefined when there is nothing. */
  get inherited(): Metadata | undefined {
    const { metadata } = this.origin;
    return metadata === noMetadata ? undefined : metadata;
  }

  get<T>(key: ContextKey<T>): T | undefined {
    return this.values?.get(key.id) as T | undefined;
  }

  set<T>(key: ContextKey<T>, value: T): void {
    this.values ??= new Map();
    this.values.set(key.id, value);
  }

  /** The caller has left, or no longer waits: aborts the signal and what the handler has called. */
  cancel(reason: unknown = remoteError('canceled', 'the caller has left')): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.finish();
    this.controller?.abort(reason);
    const { nested } = this;
    this.nested = undefined;
    if (nested instanceof Set) for (const one of nested) one.cancel(reason);
    else nested?.cancel(reason);
  }

  expire(): void {
    this.cancel(remoteError('timeout', 'the deadline of the call has passed'));
  }

  /** The handler has ended: its deadline no longer matters. */
  finish(): void {
    if (this.place >= 0) deadlines.remove(this);
  }

  adopt(call: Nested): void {
    if (this.nested === undefined) this.nested = call;
    else if (this.nested instanceof Set) this.nested.add(call);
    else this.nested = new Set([this.nested, call]);
  }

  disown(call: Nested): void {
    if (this.nested === call) this.nested = undefined;
    else if (this.nested instanceof Set) this.nested.delete(call);
  }
}
Object.defineProperty(HandlerContext.prototype, brand, { value: true });

/** Whether calls can inherit from it: a context that core made, of any copy of this package. */
export function isHandlerContext(ctx: Context | undefined): ctx is HandlerContext {
  return ctx !== undefined && brand in ctx;
}
