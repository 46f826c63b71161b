export interface EventuallyOptions {
  /** Gives up after this time, with the last error, in ms. @default 10000 */
  readonly timeoutMs?: number | undefined;
}

/**
 * Calls the check until it neither throws nor returns false, and returns what it returned. Pauses grow from 1 to
 * 50 ms. For tests that have to wait: a time alone is never the right thing to wait for.
 */
export async function eventually<T>(
  check: () => T,
  options: EventuallyOptions = {},
): Promise<Exclude<Awaited<T>, false>> {
  const { timeoutMs = 10_000 } = options;
  const giveUpAt = performance.now() + timeoutMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(50, pauseMs * 2)) {
    let failure: unknown;
    try {
      const value = await check();
      if (value !== false) return value as Exclude<Awaited<T>, false>;
      failure = new Error(`still false: ${check}`);
    } catch (error) {
      failure = error;
    }
    if (performance.now() > giveUpAt) {
      const reason = failure instanceof Error ? failure.message : String(failure);
      throw new Error(`not within ${timeoutMs} ms: ${reason}`, { cause: failure });
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** The promise's result; rejects with the message when there is none in time. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
