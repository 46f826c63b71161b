import type { Deliver, SubscribeOptions, Verdict } from './broker.ts';
import { type Consumer, type Item, type Member, makeConsumer } from './memory-consumer.ts';

/** Messages of one topic that its members share. */
export interface Queue {
  /** Messages that nobody has been given, those that wait for a retry included. */
  readonly backlog: number;
  push(items: readonly Item[]): void;
  /** Outlives its members from now on. */
  keep(): void;
  join(deliver: Deliver, options: SubscribeOptions): Member;
}

interface Delayed {
  readonly item: Item;
  readonly dueAt: number;
  /** Who had it, and has one place less until then. */
  readonly holder: Consumer | undefined;
}

/** The longest delay of a Node timer. */
const maxTimerMs = 2 ** 31 - 1;

/** An empty queue. `onGone` is called when it has lost its last member and is not durable. */
export function makeQueue(onGone: () => void): Queue {
  let waiting: Item[] = [];
  let delayed: Delayed[] = [];
  const keys = new Set<string>();
  const consumers: Consumer[] = [];
  let durable = false;
  let ordered = false;
  let scheduled: NodeJS.Immediate | undefined;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let turn = 0;

  /** Later and not here: a handler never runs in the stack of the publisher. */
  function schedule(): void {
    scheduled ??= setImmediate(dispatch);
  }

  function dispatch(): void {
    scheduled = undefined;
    for (let consumer = nextFree(); consumer !== undefined; consumer = nextFree()) {
      const index = waiting.findIndex(mayGo);
      const item = waiting[index];
      if (item === undefined) return;
      waiting.splice(index, 1);
      const { key } = item.message;
      if (ordered && key !== undefined) {
        keys.add(key);
        item.locked = true;
      }
      consumer.give(item);
    }
  }

  /** A message without a key is not ordered; one that waits for its retry keeps its key to itself. */
  function mayGo({ locked, message: { key } }: Item): boolean {
    return !ordered || locked || key === undefined || !keys.has(key);
  }

  function nextFree(): Consumer | undefined {
    for (let step = 0; step < consumers.length; step++) {
      turn = (turn + 1) % consumers.length;
      const consumer = consumers[turn];
      if (consumer !== undefined && consumer.free > 0) return consumer;
    }
    return undefined;
  }

  function settle(item: Item, verdict: Verdict, holder?: Consumer): void {
    const { key } = item.message;
    if (verdict.outcome === 'ack') {
      if (item.locked && key !== undefined) keys.delete(key);
    } else if (verdict.delayMs > 0) {
      const dueAt = performance.now() + verdict.delayMs;
      delayed.push({ item, dueAt, holder });
      if (holder !== undefined) holder.retrying++;
      wakeAt(dueAt);
    } else waiting.unshift(item);
    schedule();
  }

  function wakeAt(time: number): void {
    if (time >= timerAt) return;
    clearTimeout(timer);
    timerAt = time;
    const delayMs = Math.min(maxTimerMs, Math.max(1, Math.ceil(time - performance.now())));
    timer = setTimeout(wake, delayMs).unref();
  }

  function wake(): void {
    timer = undefined;
    timerAt = Number.POSITIVE_INFINITY;
    const time = performance.now();
    const due = delayed.filter(({ dueAt }) => dueAt <= time).sort((a, b) => a.dueAt - b.dueAt);
    delayed = delayed.filter(({ dueAt }) => dueAt > time);
    waiting = [...due.map(({ item }) => item), ...waiting];
    for (const { dueAt } of delayed) wakeAt(dueAt);
    for (const { holder } of due) if (holder !== undefined) holder.retrying--;
    schedule();
  }

  function remove(consumer: Consumer): void {
    const index = consumers.indexOf(consumer);
    if (index >= 0) consumers.splice(index, 1);
    if (consumers.length > 0 || durable) {
      schedule(); // what it gave back is for the others
      return;
    }
    clearTimeout(timer);
    clearImmediate(scheduled);
    onGone();
  }

  return {
    get backlog() {
      return waiting.length + delayed.length;
    },
    push(items) {
      for (const item of items) waiting.push(item);
      if (consumers.length > 0) schedule();
    },
    keep() {
      durable = true;
    },
    join(deliver, options) {
      ordered ||= options.ordered === true;
      const consumer = makeConsumer(deliver, options, { settle, remove: () => remove(consumer) });
      consumers.push(consumer);
      schedule();
      return consumer;
    },
  };
}
