import { type NodeRecord, noMetadata, type ServiceRecord } from '@micro/core';
import type { NodeText } from './txt.ts';

/** The record of a service with this one node. Frozen. */
export function recordOf(text: NodeText, id: string, address: string): ServiceRecord {
  const node = Object.freeze({ id, address, metadata: text.metadata });
  const { service: name, version, endpoints, serviceMetadata: metadata = noMetadata } = text;
  return Object.freeze({ name, version, metadata, endpoints, nodes: Object.freeze([node]) });
}

/** One record for each version; what is said of the whole version is what was heard last. Frozen. */
export function joinVersions(records: readonly ServiceRecord[]): readonly ServiceRecord[] {
  const versions = new Map<string, { last: ServiceRecord; readonly nodes: NodeRecord[] }>();
  for (const record of records) {
    const known = versions.get(record.version);
    if (known === undefined) versions.set(record.version, { last: record, nodes: [...record.nodes] });
    else {
      known.last = record;
      known.nodes.push(...record.nodes);
    }
  }
  return [...versions.values()].map(({ last, nodes }) =>
    Object.freeze({ ...last, nodes: Object.freeze(nodes) }),
  );
}
