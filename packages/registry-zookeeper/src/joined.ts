/**
 * Joins those who ask for the same at once: who comes while a run is under way shares the one after it, so that
 * everybody gets what was there after the question. A hundred questions are two runs.
 */
export function joined<T>(run: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const running = new Map<string, Promise<T>>();
  const waiting = new Map<string, Promise<T>>();

  function begin(key: string): Promise<T> {
    const begun = run(key).finally(() => running.delete(key));
    running.set(key, begun);
    return begun;
  }

  return (key) => {
    const current = running.get(key);
    if (current === undefined) return begin(key);
    const after = (): Promise<T> => {
      waiting.delete(key);
      return begin(key);
    };
    const next = waiting.get(key) ?? current.then(after, after);
    waiting.set(key, next);
    return next;
  };
}
