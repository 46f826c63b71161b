let time = 0;
let fresh = false;

/**
 * `performance.now()`, read once for all calls of a batch. Who begins a batch (a chunk came) or ends one (a
 * batch was written) calls `staleClock`; a transport that does neither is served by `tick`.
 */
export function now(): number {
  if (!fresh) {
    time = Math.floor(performance.now()); // whole: V8 keeps small integers in the object, and boxes others
    fresh = true;
    tick();
  }
  return time;
}

/** The next `now()` reads the clock. */
export function staleClock(): void {
  fresh = false;
}

let asked = false;
function tick(): void {
  if (asked) return;
  asked = true;
  process.nextTick(untick); // a setImmediate would cost the event loop a turn for each call that is alone
}
function untick(): void {
  asked = false;
  fresh = false;
}
