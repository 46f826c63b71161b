/**
 * The keys that a registry writes, where their life hangs on something they share: a lease, a session. Renewing that
 * one keeps all of them, also a key that nobody renews any more: because taking it out has failed, or because the
 * backend has written it after its writer had given up.
 */
export interface Lifetimes<T> {
  /** A key is to be written, or renewed: it lives until then, whatever becomes of that. What was written before, if any. */
  renewing(key: string, expiresAt: number): T | undefined;
  /** It has been written. */
  written(key: string, known: T, expiresAt: number): void;
  /** Takes it out. Where that fails, `dropExpired` has it. */
  remove(key: string): Promise<void>;
  /** Takes out what was not renewed in time. What fails is tried again at the next call: call it at each renewal. */
  dropExpired(): Promise<void>;
}

interface Entry<T> {
  readonly known: T | undefined;
  expiresAt: number;
}

/** Times are those of `performance.now()`. `takeOut` may be called for keys that are not there. */
export function newLifetimes<T>(takeOut: (key: string) => Promise<void>): Lifetimes<T> {
  const keys = new Map<string, Entry<T>>();

  async function remove(key: string): Promise<void> {
    const entry = keys.get(key);
    if (entry !== undefined) entry.expiresAt = 0; // in case that it fails
    await takeOut(key);
    if (keys.get(key) === entry) keys.delete(key);
  }

  return {
    renewing(key, expiresAt) {
      const known = keys.get(key)?.known;
      keys.set(key, { known, expiresAt });
      return known;
    },
    written: (key, known, expiresAt) => void keys.set(key, { known, expiresAt }),
    remove,
    async dropExpired() {
      const time = performance.now();
      const expired = [...keys].filter(([, { expiresAt }]) => expiresAt <= time);
      await Promise.allSettled(expired.map(([key]) => remove(key)));
    },
  };
}
