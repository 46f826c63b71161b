import { MicroError, type RegistryChange, type ServiceRecord } from '@micro/core';
import { instanceText, serviceName } from './names.ts';
import type { Sighting } from './packet.ts';
import type { Heard } from './query.ts';
import { joinVersions, recordOf } from './records.ts';
import { decodeText, type NodeText } from './txt.ts';

/** The nodes heard of, until their time is over. Bounded, however many are heard. */
export interface NodeCache {
  /** Takes in what was heard; `answer` says that it was asked for. Throws for what no node can have said. */
  hear(sighting: Sighting, answer: boolean): void;
  /** The live nodes of a service, or of all, grouped by version. Frozen. */
  records(service: string | undefined): readonly ServiceRecord[];
  /** The names of the services with nodes. */
  services(): readonly string[];
  /** When the service's nodes were last heard: the one that is silent longest, and the latest. */
  heard(service: string): Heard | undefined;
  /** Counts a question without an answer against silent nodes; drops them at the third. True while some are suspect. */
  missed(service: string, since: number): boolean;
  /** Forgets services without telling. */
  forget(unwanted: (service: string) => boolean): void;
}

export interface CacheOptions {
  readonly domain: string;
  /** Questions nearer to each other than this count as one, in ms. */
  readonly missSpacingMs: number;
  readonly wanted: (service: string) => boolean;
  readonly changed: (change: NodeChange) => void;
}

/** What happened to one node. */
export type NodeChange = Exclude<RegistryChange, { readonly type: 'list' }>;

interface Entry {
  /** A record with this node alone. */
  readonly record: ServiceRecord;
  readonly identity: string;
  /** Whether the node announces itself again and again: then its TTL counts, and silence does not. */
  readonly renews: boolean;
  readonly timer: NodeJS.Timeout;
  heardAt: number;
  misses: number;
  missedAt: number;
}

const mostNodes = 4_096;
const mostMisses = 3;
const mostGoodbyes = 1_024;
// An answer that was under way when its node said goodbye must not bring it back.
const goodbyeMs = 1_000;

export function nodeCache({ domain, missSpacingMs, wanted, changed }: CacheOptions): NodeCache {
  const services = new Map<string, Map<string, Entry>>();
  const goodbyes = new Map<string, number>();
  let size = 0;

  function hear(sighting: Sighting, answer: boolean): void {
    const text = decodeText(sighting.text);
    if (!wanted(text.service)) return;
    const id = idOf(sighting.instance, text, domain);
    const key = `${text.service}\n${id}`;
    if (sighting.ttl === 0) {
      remember(key);
      remove(text.service, id);
    } else if (!answer || performance.now() - (goodbyes.get(key) ?? Number.NEGATIVE_INFINITY) > goodbyeMs) {
      goodbyes.delete(key);
      put(sighting, text, id);
    }
  }

  function put({ host, port, text: hex, ttl }: Sighting, text: NodeText, id: string): void {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const identity = `${address} ${hex}`;
    const leaseMs = text.ttlMs ?? Math.min(ttl, 86_400) * 1_000;
    const known = services.get(text.service)?.get(id);
    const same = known?.identity === identity;
    if (known !== undefined) take(text.service, id);
    else if (size >= mostNodes) evict();
    const nodes = services.get(text.service) ?? new Map<string, Entry>();
    services.set(text.service, nodes);
    const entry: Entry = {
      record: same ? known.record : recordOf(text, id, address),
      identity,
      renews: text.ttlMs !== undefined,
      timer: setTimeout(remove, leaseMs, text.service, id).unref(),
      heardAt: performance.now(),
      misses: 0,
      missedAt: Number.NEGATIVE_INFINITY,
    };
    // Put in anew: the first of a service is always the one that was silent longest.
    nodes.set(id, entry);
    size++;
    if (!same) changed({ type: 'put', service: entry.record });
  }

  function remove(service: string, id: string): void {
    if (take(service, id) !== undefined) changed({ type: 'remove', name: service, ids: [id] });
  }

  function take(service: string, id: string): Entry | undefined {
    const nodes = services.get(service);
    const entry = nodes?.get(id);
    if (nodes === undefined || entry === undefined) return undefined;
    clearTimeout(entry.timer);
    nodes.delete(id);
    if (nodes.size === 0) services.delete(service);
    size--;
    return entry;
  }

  // The largest service gives a node up: who floods one name does not drive out the others.
  function evict(): void {
    let [largest, nodes]: [string, ReadonlyMap<string, Entry>] = ['', new Map()];
    for (const one of services) if (one[1].size > nodes.size) [largest, nodes] = one;
    const oldest = nodes.keys().next();
    if (!oldest.done) remove(largest, oldest.value);
  }

  function remember(key: string): void {
    goodbyes.delete(key);
    goodbyes.set(key, performance.now());
    for (const first of goodbyes.keys()) {
      if (goodbyes.size <= mostGoodbyes) break;
      goodbyes.delete(first);
    }
  }

  function missed(service: string, since: number): boolean {
    const now = performance.now();
    let suspect = false;
    for (const [id, entry] of [...(services.get(service) ?? [])]) {
      if (entry.renews || entry.heardAt >= since) continue;
      suspect = true;
      if (now - entry.missedAt < missSpacingMs) continue;
      entry.missedAt = now;
      if (++entry.misses >= mostMisses) remove(service, id);
    }
    return suspect;
  }

  function heard(service: string): Heard | undefined {
    const times = [...(services.get(service)?.values() ?? [])].map((entry) => entry.heardAt);
    const [oldest, newest] = [times[0], times.at(-1)];
    return oldest === undefined || newest === undefined ? undefined : { oldest, newest };
  }

  function forget(unwanted: (service: string) => boolean): void {
    for (const [service, nodes] of [...services])
      if (unwanted(service)) for (const id of [...nodes.keys()]) take(service, id);
    for (const key of [...goodbyes.keys()])
      if (unwanted(key.slice(0, key.indexOf('\n')))) goodbyes.delete(key);
  }

  function records(service: string | undefined): readonly ServiceRecord[] {
    const groups =
      service === undefined ? [...services.values()] : [services.get(service) ?? new Map<string, Entry>()];
    return Object.freeze(
      groups.flatMap((nodes) => joinVersions([...nodes.values()].map((entry) => entry.record))),
    );
  }

  return { hear, records, services: () => [...services.keys()], heard, missed, forget };
}

/** The node's id: what its instance name says before the service's, or, where DNS cannot carry it, the TXT record. */
function idOf(instance: string, text: NodeText, domain: string): string {
  const suffix = `.${serviceName(text.service, domain)}`;
  const head = instance.slice(0, -suffix.length);
  const id = text.id ?? head;
  if (
    head === '' ||
    !instance.endsWith(suffix) ||
    (text.id !== undefined && instanceText(id, text.service, domain) !== head)
  ) {
    throw new MicroError(
      'bad_request',
      `registry mdns: ${instance} is no node of the service ${text.service}`,
    );
  }
  return id;
}
