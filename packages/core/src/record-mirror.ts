import { report } from './background.ts';
import { decodeRecord } from './record-json.ts';
import type { RegistryChange, ServiceRecord } from './registry.ts';

/**
 * The records of a store that keeps go-micro's JSON Service under a key for each node (etcd, ZooKeeper, NATS), as one
 * watch sees them: turns what happens to keys into what a registry tells. Records that cannot be read are reported
 * once and left out, as are those of other services where a name is given: stores spell names, and two can look alike.
 */
export interface RecordMirror {
  /** Takes in everything there is. */
  list(entries: Iterable<readonly [key: string, text: string]>): RegistryChange;
  /** Takes in what a key has now; nothing to tell where it had the same before. */
  put(key: string, text: string): readonly RegistryChange[];
  /** Takes in that a key is gone. */
  remove(key: string): readonly RegistryChange[];
}

interface Entry {
  readonly text: string;
  readonly record: ServiceRecord | undefined;
}

/** A mirror of one service, or of all. `store` is named in reports: `etcd`. */
export function recordMirror(store: string, name: string | undefined): RecordMirror {
  let mirrored = new Map<string, Entry>();

  function read(key: string, text: string): Entry {
    const known = mirrored.get(key);
    return known?.text === text ? known : { text, record: readRecord(store, key, text, name) };
  }

  function change(key: string, entry: Entry | undefined): readonly RegistryChange[] {
    const before = mirrored.get(key)?.record;
    const after = entry?.record;
    if (entry === undefined) mirrored.delete(key);
    else mirrored.set(key, entry);
    const told: RegistryChange[] = [];
    const gone = before === undefined ? [] : goneIds(before, after);
    if (before !== undefined && gone.length > 0) told.push({ type: 'remove', name: before.name, ids: gone });
    if (after !== undefined) told.push({ type: 'put', service: after });
    return told;
  }

  return {
    list(entries) {
      const listed = new Map<string, Entry>();
      for (const [key, text] of entries) listed.set(key, read(key, text));
      mirrored = listed;
      const services = [...listed.values()].flatMap(({ record }) => record ?? []);
      return { type: 'list', name, services: Object.freeze(services) };
    },
    put(key, text) {
      const entry = read(key, text);
      return entry === mirrored.get(key) ? [] : change(key, entry);
    },
    remove: (key) => change(key, undefined),
  };
}

/** The record of a stored text; undefined, and reported, when it cannot be read; undefined when it is of another name. */
export function readRecord(
  store: string,
  key: string,
  text: string,
  name: string | undefined,
): ServiceRecord | undefined {
  try {
    const record = decodeRecord(text);
    return name === undefined || record.name === name ? record : undefined;
  } catch (error) {
    report('plugin.warning', `registry ${store}: ${key} is no service`, error);
    return undefined;
  }
}

/** The nodes that were there and are not any more: all, where the service is another. */
function goneIds(before: ServiceRecord, after: ServiceRecord | undefined): readonly string[] {
  const kept = new Set(after?.name === before.name ? after.nodes.map(({ id }) => id) : []);
  return before.nodes.map(({ id }) => id).filter((id) => !kept.has(id));
}
