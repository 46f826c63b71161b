import { MicroError, type ServiceRecord } from '@micro/core';
import { type EncodedNode, encodeNode, serviceText } from './messages.ts';

interface Entry {
  readonly encoded: EncodedNode;
  readonly ttlMs: number;
  readonly expiresAt: number;
}

/** The nodes that this process answers for. */
export interface Catalog {
  /** Returns what to announce. Throws `too_large` for a node that no message takes, and changes nothing then. */
  put(record: ServiceRecord, ttlMs: number, limit: number): readonly string[];
  withdraw(name: string, ids: readonly string[]): void;
  /** What to answer to a query for the service, or for all, in messages of at most so many bytes. */
  answers(name: string | undefined, limit: number): readonly string[];
}

/** Room for what stands around a service in a message. */
const around = 512;

export function newCatalog(): Catalog {
  const services = new Map<string, Map<string, Entry>>();

  function answersOf(entries: Iterable<Entry>, limit: number): string[] {
    const groups = new Map<string, Entry[]>();
    const time = performance.now();
    for (const entry of entries) {
      if (entry.expiresAt <= time) continue; // not renewed: its process has forgotten it, or was frozen
      const key = `${entry.ttlMs} ${entry.encoded.service}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [entry]);
      else group.push(entry);
    }
    return [...groups.values()].flatMap((group) => messagesOf(group, limit));
  }

  return {
    put(record, ttlMs, limit) {
      const { name } = record;
      const expiresAt = performance.now() + ttlMs;
      const entries = record.nodes.map((node): readonly [string, Entry] => {
        const encoded = encodeNode(record, node);
        const size = Buffer.byteLength(encoded.service) + Buffer.byteLength(encoded.node) + around;
        if (size > limit) throw tooLarge(node.id, size, limit);
        return [node.id, { encoded, ttlMs, expiresAt }];
      });
      const known = services.get(name) ?? new Map<string, Entry>();
      services.set(name, known);
      for (const [id, entry] of entries) known.set(id, entry);
      return answersOf(
        entries.map(([, entry]) => entry),
        limit,
      );
    },
    withdraw(name, ids) {
      const known = services.get(name);
      for (const id of ids) known?.delete(id);
      if (known?.size === 0) services.delete(name);
    },
    answers(name, limit) {
      if (name !== undefined) return answersOf(services.get(name)?.values() ?? [], limit);
      return [...services.values()].flatMap((known) => answersOf(known.values(), limit));
    },
  };
}

function messagesOf(group: readonly Entry[], limit: number): readonly string[] {
  const [first] = group;
  if (first === undefined) return [];
  const { encoded, ttlMs } = first;
  const empty = Buffer.byteLength(encoded.service) + around;
  const texts: string[] = [];
  let nodes: string[] = [];
  let size = empty;
  for (const { encoded: one } of group) {
    const more = Buffer.byteLength(one.node) + 1;
    if (size + more > limit && nodes.length > 0) {
      texts.push(serviceText(encoded, nodes, ttlMs));
      nodes = [];
      size = empty;
    }
    nodes.push(one.node);
    size += more;
  }
  texts.push(serviceText(encoded, nodes, ttlMs));
  return texts;
}

function tooLarge(id: string, size: number, limit: number): MicroError {
  const text = `registry nats: node "${id}" is ${size} bytes; the server takes ${limit} (max_payload)`;
  return new MicroError('too_large', text);
}
