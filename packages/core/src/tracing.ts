import { channel } from 'node:diagnostics_channel';
import type { Metadata } from './metadata.ts';
import type { StreamKind } from './transport.ts';

/**
 * A call, stream or event as a tracer sees it: published on `micro:call:start` when it begins and, the same object
 * with its outcome, on `micro:call:end`. Made only while somebody listens.
 */
export interface CallTrace {
  readonly side: 'client' | 'server';
  readonly service: string;
  /** `Greeter.Hello`, or the topic of an event. */
  readonly endpoint: string;
  readonly kind: 'unary' | StreamKind | 'event';
  readonly metadata: Metadata | undefined;
  /** What it ended with; undefined: well, or not yet. */
  error: unknown;
}

const start = channel('micro:call:start');
const end = channel('micro:call:end');

/** Whether somebody wants to know: asked for every call, so that nobody pays who does not listen. */
export function traced(): boolean {
  return start.hasSubscribers || end.hasSubscribers;
}

export function traceStart(trace: Omit<CallTrace, 'error'>): CallTrace {
  const begun: CallTrace = { ...trace, error: undefined };
  start.publish(begun);
  return begun;
}

export function traceEnd(trace: CallTrace, error: unknown): void {
  trace.error = error;
  end.publish(trace);
}
