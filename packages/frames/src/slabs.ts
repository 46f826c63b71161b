import type { Bytes } from './bytes.ts';

/** What a tick's frames are gathered in. An idle connection holds none. */
const slabBytes = 65_536;
const mostKept = 16;
const pool: Bytes[] = [];

export function takeSlab(atLeast: number): Bytes {
  if (atLeast > slabBytes) return Buffer.allocUnsafeSlow(atLeast) as Bytes;
  return pool.pop() ?? (Buffer.allocUnsafeSlow(slabBytes) as Bytes);
}

/** Only when nobody reads it any more. */
export function giveSlab(slab: Bytes): void {
  if (slab.length === slabBytes && pool.length < mostKept) pool.push(slab);
}
