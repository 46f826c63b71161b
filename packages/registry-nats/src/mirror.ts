import type { RegistryChange, ServiceRecord } from '@micro/core';
import { encodeRecord } from '@micro/core/plugin';
import type { Seen } from './messages.ts';

interface Node {
  readonly record: ServiceRecord;
  readonly text: string;
  expiresAt: number;
}

export interface MirrorOptions {
  readonly foreignTtlMs: number;
  /** Nodes of these services are kept. */
  readonly wanted: (name: string) => boolean;
  readonly changed: (change: RegistryChange) => void;
  /** Asks for a service whose nodes should have been renewed; then those that are silent are gone. */
  readonly ask: (name: string) => Promise<void>;
}

/** What was heard of the nodes of others, and of our own, by service. */
export interface Mirror {
  hear(seen: Seen): void;
  gone(name: string, ids: readonly string[]): void;
  records(name: string | undefined): readonly ServiceRecord[];
  /** Drops what nobody wants any more. */
  prune(): void;
  close(): void;
}

/** More nodes than any fleet we know of; what comes beyond is not kept. */
const maxNodes = 200_000;
const forgetMs = 50;

export function newMirror({ foreignTtlMs, wanted, changed, ask }: MirrorOptions): Mirror {
  const services = new Map<string, Map<string, Node>>();
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let closed = false;

  function schedule(at: number): void {
    if (at >= timerAt || closed) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(expire, Math.min(at - performance.now() + forgetMs, 2 ** 31 - 1)).unref();
  }

  /** Nodes that should have been renewed. This process may have been frozen, or a message lost: they are asked once. */
  function expire(): void {
    timerAt = Number.POSITIVE_INFINITY;
    for (const [name, nodes] of services) {
      const time = performance.now();
      let suspects = false;
      for (const { expiresAt } of nodes.values()) {
        if (expiresAt <= time) suspects = true;
        else schedule(expiresAt);
      }
      if (suspects) void settle(name);
    }
  }

  async function settle(name: string): Promise<void> {
    try {
      await ask(name);
    } catch {
      return; // the connection is lost: watches end, and what is known is of no more use
    }
    const time = performance.now();
    const dead = [...(services.get(name) ?? [])].filter(([, { expiresAt }]) => expiresAt <= time);
    gone(
      name,
      dead.map(([id]) => id),
    );
  }

  function gone(name: string, ids: readonly string[]): void {
    const nodes = services.get(name);
    const known = ids.filter((id) => nodes?.delete(id));
    if (known.length === 0) return;
    size -= known.length;
    if (nodes?.size === 0) services.delete(name);
    changed({ type: 'remove', name, ids: known });
  }

  return {
    hear({ record, ttlMs = foreignTtlMs }) {
      const { name } = record;
      if (!wanted(name)) return;
      let nodes = services.get(name);
      if (nodes === undefined) {
        nodes = new Map();
        services.set(name, nodes);
      }
      const expiresAt = performance.now() + ttlMs;
      for (const node of record.nodes) {
        const text = encodeRecord(record, node);
        const known = nodes.get(node.id);
        if (known?.text === text) {
          known.expiresAt = expiresAt;
          continue;
        }
        if (known === undefined) {
          if (size >= maxNodes) return;
          size++;
        }
        const own = Object.freeze({ ...record, nodes: Object.freeze([node]) });
        nodes.set(node.id, { record: own, text, expiresAt });
        changed({ type: 'put', service: own });
      }
      schedule(expiresAt);
    },
    gone,
    records(name) {
      const found =
        name === undefined ? [...services.values()] : [services.get(name) ?? new Map<string, Node>()];
      return Object.freeze(found.flatMap((nodes) => [...nodes.values()].map(({ record }) => record)));
    },
    prune() {
      for (const [name, nodes] of services) {
        if (wanted(name)) continue;
        size -= nodes.size;
        services.delete(name);
      }
    },
    close() {
      closed = true;
      clearTimeout(timer);
      services.clear();
    },
  };
}
