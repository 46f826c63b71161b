import { nextUse, slotMask, streamBit, useMask } from './layout.ts';

/** What a client has under way, by id: a table in which nothing is hashed and nothing allocated for a call. */
export class Slots<T extends object> {
  count = 0;
  private readonly entries: (T | undefined)[] = [];
  /** The bits above the slot in the id of its present or next use. */
  private readonly uses: number[] = [];
  /** The owner's number for each. */
  private readonly marks: number[] = [];
  private readonly free: number[] = [];
  /** In every id: streams have a bit of their own. */
  private readonly base: number;

  constructor(kind: 'calls' | 'streams') {
    this.base = kind === 'calls' ? 0 : streamBit | 0;
  }

  /** The id. */
  add(entry: T, mark: number): number {
    this.count++;
    const slot = this.free.pop() ?? this.entries.length;
    this.entries[slot] = entry;
    this.marks[slot] = mark;
    const use = this.uses[slot];
    if (use !== undefined) return use | slot;
    this.uses[slot] = this.base;
    return this.base | slot;
  }

  get(id: number): T | undefined {
    const slot = id & slotMask;
    return this.uses[slot] === (id & ~slotMask) ? this.entries[slot] : undefined;
  }

  /** Removes it: its slot is free at once, and what comes late for the id finds nobody. */
  take(id: number): T | undefined {
    const slot = id & slotMask;
    const use = this.uses[slot];
    const entry = this.entries[slot];
    if (entry === undefined || use !== (id & ~slotMask)) return undefined;
    this.entries[slot] = undefined;
    this.uses[slot] = ((use + nextUse) & useMask) | this.base;
    this.free.push(slot);
    this.count--;
    return entry;
  }

  mark(id: number, mark: number): void {
    this.marks[id & slotMask] = mark;
  }

  /** All of them. */
  all(): T[] {
    return this.entries.filter((entry) => entry !== undefined);
  }

  /** Takes those whose mark the filter wants. */
  drain(wanted: (mark: number) => boolean): T[] {
    const taken: T[] = [];
    for (let slot = 0; slot < this.entries.length && this.count > 0; slot++) {
      const entry = this.entries[slot];
      if (entry === undefined || !wanted(this.marks[slot] ?? 0)) continue;
      this.take((this.uses[slot] ?? 0) | slot);
      taken.push(entry);
    }
    return taken;
  }
}
