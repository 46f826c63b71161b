/** Runs at most so many at once; the others wait for their turn, in order. */
export type Turns = <T>(run: () => Promise<T>) => Promise<T>;

export function newTurns(most: number): Turns {
  const waiting: (() => void)[] = [];
  let free = most;

  return async (run) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
