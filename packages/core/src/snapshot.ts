import type { NodeRecord, RegistryChange, ServiceRecord } from './registry.ts';

/** What a list of records says about one service: frozen, nodes once each (the later one counts), by version. */
export type Snapshot = readonly ServiceRecord[];

/** The snapshot of a service after a change. Changes of other services leave it as it is, the same object. */
export function applyChange(snapshot: Snapshot, change: RegistryChange, service: string): Snapshot {
  if (change.type === 'list') {
    if (change.name !== undefined && change.name !== service) return snapshot;
    return normalize(change.services.filter(({ name }) => name === service));
  }
  const name = change.type === 'put' ? change.service.name : change.name;
  if (name !== service) return snapshot;
  const gone = new Set(change.type === 'put' ? change.service.nodes.map(({ id }) => id) : change.ids);
  const rest = snapshot.map((one) => ({ ...one, nodes: one.nodes.filter(({ id }) => !gone.has(id)) }));
  return normalize(change.type === 'put' ? [...rest, change.service] : rest);
}

function normalize(records: readonly ServiceRecord[]): Snapshot {
  const owner = new Map<string, { readonly record: ServiceRecord; readonly node: NodeRecord }>();
  for (const record of records) for (const node of record.nodes) owner.set(node.id, { record, node });
  const versions = new Map<string, { record: ServiceRecord; nodes: NodeRecord[] }>();
  for (const { record, node } of owner.values()) {
    const version = versions.get(record.version);
    if (version === undefined) versions.set(record.version, { record, nodes: [node] });
    else {
      version.record = record;
      version.nodes.push(node);
    }
  }
  return Object.freeze(
    [...versions.values()].map(({ record, nodes }) =>
      Object.freeze({ ...record, nodes: Object.freeze(nodes) }),
    ),
  );
}
