interface Listening {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}
const listening = new WeakMap<AbortSignal, Listening>();

/**
 * Calls back when the signal aborts, until `offAbort`. However many wait, the signal has one listener: one signal may
 * end thousands of calls, and Node warns of a leak at the eleventh listener.
 */
export function onAbort(signal: AbortSignal, callback: () => void): void {
  let known = listening.get(signal);
  if (known === undefined) {
    const callbacks = new Set<() => void>();
    const listener = (): void => {
      for (const one of callbacks) one();
    };
    known = { callbacks, listener };
    listening.set(signal, known);
    signal.addEventListener('abort', listener, { once: true });
  }
  known.callbacks.add(callback);
}

export function offAbort(signal: AbortSignal, callback: () => void): void {
  const known = listening.get(signal);
  if (known === undefined) return;
  known.callbacks.delete(callback);
  if (known.callbacks.size > 0) return;
  listening.delete(signal);
  signal.removeEventListener('abort', known.listener);
}
