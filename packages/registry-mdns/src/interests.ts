import { serviceName } from './names.ts';

/** The services that somebody watches or looks up now: only their nodes are read and kept. */
export interface Interests {
  /** `undefined` is every service. Counted: each `add` needs its `drop`. */
  add(name: string | undefined): void;
  drop(name: string | undefined): void;
  has(service: string): boolean;
  /** Whether an instance's name may belong to one of them. Cheap: asked before anything is inflated. */
  covers(instance: string): boolean;
  readonly size: number;
}

export function newInterests(domain: string): Interests {
  const counts = new Map<string | undefined, number>();
  const suffixes = new Map<string, string>();

  function add(name: string | undefined): void {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (name !== undefined) suffixes.set(name, `.${serviceName(name, domain)}`);
  }

  function drop(name: string | undefined): void {
    const count = (counts.get(name) ?? 0) - 1;
    if (count > 0) {
      counts.set(name, count);
      return;
    }
    counts.delete(name);
    if (name !== undefined) suffixes.delete(name);
  }

  function covers(instance: string): boolean {
    if (counts.has(undefined)) return true;
    for (const suffix of suffixes.values()) if (instance.endsWith(suffix)) return true;
    return false;
  }

  return {
    add,
    drop,
    covers,
    has: (service) => counts.has(service) || counts.has(undefined),
    get size() {
      return counts.size;
    },
  };
}
