import { listService } from './names.ts';
import { decodeText } from './txt.ts';

/** The services' names, as answers to the list question tell them. Bounded. */
export interface Catalog {
  /** Takes in an instance of the list service. */
  hear(instance: string, text: string): void;
  /** The names heard since, sorted. */
  names(since: number): readonly string[];
  /** The time of the latest, when there is one. */
  newest(): number | undefined;
}

const mostNames = 4_096;

export function newCatalog(domain: string): Catalog {
  const heardAt = new Map<string, number>();
  const suffix = `.${listService}.${domain}`;

  function hear(instance: string, text: string): void {
    const label = instance.slice(0, -suffix.length);
    if (label === '') return;
    // Go's list entries have no text at all; ours have one where the name is not its own label.
    const name = text === '' ? label : decodeText(text).service;
    heardAt.delete(name);
    heardAt.set(name, performance.now());
    const oldest = heardAt.keys().next();
    if (heardAt.size > mostNames && !oldest.done) heardAt.delete(oldest.value);
  }

  function names(since: number): readonly string[] {
    return [...heardAt]
      .filter(([, at]) => at >= since)
      .map(([name]) => name)
      .sort();
  }
  return { hear, names, newest: () => [...heardAt.values()].at(-1) };
}
