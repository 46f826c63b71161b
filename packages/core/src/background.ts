import { channel } from 'node:diagnostics_channel';

/** What happens while nobody waits for it: each has a name, a counter, and a message on `micro:background`. */
export type BackgroundEvent =
  | 'registry.registered'
  | 'registry.register_failed'
  | 'registry.deregistered'
  | 'registry.watch_lost'
  | 'registry.watch_restored'
  | 'node.added'
  | 'node.removed'
  | 'node.ejected'
  | 'node.restored'
  | 'call.retried'
  | 'call.refused'
  | 'call.failed'
  | 'event.redelivered'
  | 'event.lost'
  | 'event.dead_letter'
  | 'event.undecodable'
  | 'subscription.error'
  | 'transport.connected'
  | 'transport.disconnected'
  | 'transport.protocol_error'
  | 'service.state'
  | 'plugin.warning';

export interface BackgroundMessage {
  readonly event: BackgroundEvent;
  /** What it is about, in words: a service, a node, a topic, an address. */
  readonly subject: string;
  readonly error?: unknown;
}

const background = channel('micro:background');
// Copies of core in one process count together, as they tell together
const key = Symbol.for('@micro/core/counters/1');
const shared = globalThis as { [key]?: Map<BackgroundEvent, number> };
shared[key] ??= new Map();
const counts = shared[key];

/** Counts a background event and tells who listens. */
export function report(event: BackgroundEvent, subject: string, error?: unknown): void {
  counts.set(event, (counts.get(event) ?? 0) + 1);
  if (background.hasSubscribers) background.publish({ event, subject, error } satisfies BackgroundMessage);
}

/** How often each background event has happened in this process. */
export function counters(): Readonly<Partial<Record<BackgroundEvent, number>>> {
  return Object.fromEntries(counts);
}

/** Calls the listener for every background event of the process, until the returned function is called. */
export function onBackground(listener: (message: BackgroundMessage) => void): () => void {
  const receive = (message: unknown): void => listener(message as BackgroundMessage);
  background.subscribe(receive);
  return () => {
    background.unsubscribe(receive);
  };
}
