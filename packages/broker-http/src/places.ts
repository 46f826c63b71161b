/** A number of places, and a line in front of them, first come first served. */
export interface Places {
  /**
   * Calls back once: true: a place is the caller's, to be given back; false: the line is full, was cleared, or the
   * caller left it by calling the result.
   */
  take(turn: (mine: boolean) => void): () => void;
  give(): void;
  /** Sends everybody in line away. */
  clear(): void;
}

export function makePlaces(count: number, maxWaiting: number): Places {
  let free = count;
  const line = new Set<(mine: boolean) => void>();
  return {
    take(turn) {
      if (free > 0) {
        free--;
        turn(true);
        return () => undefined;
      }
      if (line.size >= maxWaiting) {
        turn(false);
        return () => undefined;
      }
      const called = (mine: boolean): void => turn(mine); // its own, so that one caller may stand in line twice
      line.add(called);
      return () => {
        if (line.delete(called)) turn(false);
      };
    },
    give() {
      const [next] = line;
      if (next === undefined) {
        free++;
        return;
      }
      line.delete(next);
      next(true);
    },
    clear() {
      const waiting = [...line];
      line.clear();
      for (const called of waiting) called(false);
    },
  };
}
