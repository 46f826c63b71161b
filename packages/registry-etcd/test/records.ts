import type { NodeRecord, RegistryChange, ServiceRecord } from '@micro/core';

export function service(name: string, ...ids: readonly string[]): ServiceRecord {
  return { name, version: '1', metadata: {}, endpoints: [], nodes: ids.map(node) };
}

function node(id: string): NodeRecord {
  return { id, address: '127.0.0.1:1', metadata: {} };
}

export function idsOf(services: readonly ServiceRecord[]): readonly string[] {
  return services.flatMap(({ nodes }) => nodes.map(({ id }) => id)).sort();
}

/** A watch's changes in a line each: `list a b`, `put a`, `remove a`. */
export function lineOf(change: RegistryChange): string {
  if (change.type === 'remove') return `remove ${change.ids.join(' ')}`;
  return [change.type, ...idsOf(change.type === 'put' ? [change.service] : change.services)].join(' ');
}
