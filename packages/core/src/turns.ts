/** Runs so many at once; the others wait for their turn, in order, before their time begins to run. */
export type Turns = <T>(run: () => Promise<T>) => Promise<T>;

export function newTurns(atOnce: number): Turns {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (run) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await run();
    } finally {
      // The turn is handed on, or given back.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
