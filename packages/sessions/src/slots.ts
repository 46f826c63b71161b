import type { OutgoingCall } from '@micro/core';
import type { ClientStream } from './client-stream.ts';
import type { SessionConnection } from './connection.ts';

/** A session of a client: one call or one stream at a time. Go's servers keep a goroutine for each for a minute. */
export class Slot {
  readonly index: number;
  session: string;
  /** Of the present message: an answer with another one is late, and goes nowhere. */
  id = '';
  connection: SessionConnection | undefined;
  call: OutgoingCall | undefined;
  stream: ClientStream | undefined;
  private generation = 0;

  constructor(index: number) {
    this.index = index;
    this.session = String(index);
  }

  /** What still comes for the session of before is for nobody. */
  renew(): void {
    this.session = `${this.index}-${++this.generation}`;
  }
}

interface Used {
  readonly slot: Slot;
  readonly session: string;
}

/** The sessions of a client, used again: a new one for each call would fill the memory of Go's servers. */
export class Slots {
  private readonly slots: Slot[] = [];
  private readonly free: Slot[] = [];
  private sequence = 0;
  private readonly onRelease: ((session: string, left: boolean) => void) | undefined;

  constructor(onRelease: ((session: string, left: boolean) => void) | undefined) {
    this.onRelease = onRelease;
  }

  take(connection: SessionConnection): Slot {
    let slot = this.free.pop();
    if (slot === undefined) {
      slot = new Slot(this.slots.length);
      this.slots.push(slot);
    }
    slot.connection = connection;
    slot.id = String(this.sequence++);
    return slot;
  }

  /**
   * `abandon`: something may still come for it. Of a stream it may in any case: that a further message of it found
   * nobody is told by its session alone, and would be taken for a call's that is under way.
   */
  release(slot: Slot, abandon: boolean): void {
    const stale = abandon || slot.stream !== undefined;
    slot.connection = undefined;
    slot.call = undefined;
    slot.stream = undefined;
    this.onRelease?.(slot.session, abandon);
    if (stale) slot.renew();
    this.free.push(slot);
  }

  find(session: string): Slot | undefined {
    const slot = this.slots[Number.parseInt(session, 10)];
    return slot?.session === session && slot.connection !== undefined ? slot : undefined;
  }

  at(index: number): Slot | undefined {
    return this.slots[index];
  }

  /** Those in use, with their present sessions. */
  used(): readonly Used[] {
    const used = this.slots.filter(({ connection }) => connection !== undefined);
    return used.map((slot) => ({ slot, session: slot.session }));
  }

  of(connection: SessionConnection): readonly Used[] {
    return this.used().filter(({ slot }) => slot.connection === connection);
  }
}
