import { frozenRecord } from './frozen-record.ts';
import type { NodeRecord, RegistryChange, ServiceRecord } from './registry.ts';

/** What the memory registries of one process share: nodes that live until their TTL is over. */
export interface Network {
  put(record: ServiceRecord, ttlMs: number): void;
  remove(record: ServiceRecord): void;
  list(name: string): readonly ServiceRecord[];
  names(): readonly string[];
  /** Tells a list at once, then every change, until the returned function is called. */
  watch(name: string | undefined, changed: (change: RegistryChange) => void): () => void;
}

interface Entry {
  /** What was registered, to know a renewal by; and the frozen copy with this one node. */
  readonly source: ServiceRecord;
  readonly record: ServiceRecord;
  expiresAt: number;
}

interface Service {
  readonly nodes: Map<string, Entry>;
  snapshot: readonly ServiceRecord[] | undefined;
}

interface Watcher {
  readonly name: string | undefined;
  readonly changed: (change: RegistryChange) => void;
}

const networks = new Map<string, Network>();
/** The longest delay of a Node timer; longer ones would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** The network of that name; one is made when there is none. */
export function networkOf(name: string): Network {
  let network = networks.get(name);
  if (network === undefined) {
    network = makeNetwork();
    networks.set(name, network);
  }
  return network;
}

function makeNetwork(): Network {
  const services = new Map<string, Service>();
  const watchers = new Set<Watcher>();
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;

  function tell(change: RegistryChange, service: string): void {
    for (const { name, changed } of watchers) if (name === undefined || name === service) changed(change);
  }

  function drop(name: string, service: Service, id: string): void {
    service.nodes.delete(id);
    service.snapshot = undefined;
    if (service.nodes.size === 0) services.delete(name);
    tell(Object.freeze({ type: 'remove', name, ids: Object.freeze([id]) }), name);
  }

  /** Takes out what has expired, and sets the one timer for what expires next. */
  function sweep(): void {
    clearTimeout(timer);
    timer = undefined;
    timerAt = Number.POSITIVE_INFINITY;
    const time = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [name, service] of services) {
      for (const [id, entry] of service.nodes) {
        if (entry.expiresAt <= time) drop(name, service, id);
        else next = Math.min(next, entry.expiresAt);
      }
    }
    wakeAt(next);
  }

  function wakeAt(time: number): void {
    if (time >= timerAt) return;
    clearTimeout(timer);
    timerAt = time;
    timer = setTimeout(sweep, Math.min(maxTimerMs, Math.ceil(time - performance.now()))).unref();
  }

  /** A busy process may run its timers late; nobody is shown what has expired. */
  function sweepIfDue(): void {
    if (timerAt <= performance.now()) sweep();
  }

  function list(name: string): readonly ServiceRecord[] {
    const service = services.get(name);
    if (service === undefined) return nothing;
    service.snapshot ??= versionsOf(service.nodes.values());
    return service.snapshot;
  }

  return {
    put(record, ttlMs) {
      sweepIfDue();
      const expiresAt = performance.now() + ttlMs;
      let service = services.get(record.name);
      for (const node of record.nodes) {
        const present = service?.nodes.get(node.id);
        if (present?.source === record) {
          present.expiresAt = expiresAt;
          continue;
        }
        const entry: Entry = {
          source: record,
          record: frozenRecord({ ...record, nodes: [node] }),
          expiresAt,
        };
        if (service === undefined) {
          service = { nodes: new Map(), snapshot: undefined };
          services.set(record.name, service);
        }
        service.nodes.delete(node.id); // the newest last: its version's metadata and endpoints count
        service.nodes.set(node.id, entry);
        service.snapshot = undefined;
        tell(Object.freeze({ type: 'put', service: entry.record }), record.name);
      }
      if (record.nodes.length > 0) wakeAt(expiresAt);
    },
    remove(record) {
      sweepIfDue();
      const service = services.get(record.name);
      if (service === undefined) return;
      for (const { id } of record.nodes) {
        if (service.nodes.has(id)) drop(record.name, service, id);
      }
      if (services.size === 0) sweep(); // nothing is left to expire: ends the timer
    },
    list(name) {
      sweepIfDue();
      return list(name);
    },
    names() {
      sweepIfDue();
      return Object.freeze([...services.keys()].sort());
    },
    watch(name, changed) {
      sweepIfDue();
      const all = name === undefined ? [...services.keys()].sort().flatMap((key) => list(key)) : list(name);
      const watcher: Watcher = { name, changed };
      watchers.add(watcher);
      changed(Object.freeze({ type: 'list', name, services: Object.freeze(all) }));
      return () => watchers.delete(watcher);
    },
  };
}

const nothing: readonly ServiceRecord[] = Object.freeze([]);

/** Nodes gathered by version, the versions in the order of their names. */
function versionsOf(entries: Iterable<Entry>): readonly ServiceRecord[] {
  const versions = new Map<string, { record: ServiceRecord; nodes: NodeRecord[] }>();
  for (const { record } of entries) {
    const nodes = versions.get(record.version)?.nodes ?? [];
    nodes.push(...record.nodes);
    versions.set(record.version, { record, nodes });
  }
  const sorted = [...versions.values()].sort((a, b) => (a.record.version < b.record.version ? -1 : 1));
  return Object.freeze(
    sorted.map(({ record, nodes }) => Object.freeze({ ...record, nodes: Object.freeze(nodes) })),
  );
}
