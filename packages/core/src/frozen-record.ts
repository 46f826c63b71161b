import type { Metadata } from './metadata.ts';
import type { EndpointRecord, ServiceRecord, ValueRecord } from './registry.ts';

/** A copy that nobody can change: what is registered may be changed by its owner afterwards, snapshots are shared. */
export function frozenRecord({ name, version, metadata, endpoints, nodes }: ServiceRecord): ServiceRecord {
  return Object.freeze({
    name,
    version,
    metadata: frozenMetadata(metadata),
    endpoints: Object.freeze(endpoints.map(frozenEndpoint)),
    nodes: Object.freeze(
      nodes.map((node) =>
        Object.freeze({ id: node.id, address: node.address, metadata: frozenMetadata(node.metadata) }),
      ),
    ),
  });
}

function frozenEndpoint({ name, request, response, metadata }: EndpointRecord): EndpointRecord {
  return Object.freeze({
    name,
    request: frozenValue(request),
    response: frozenValue(response),
    metadata: frozenMetadata(metadata),
  });
}

function frozenValue(value: ValueRecord | null): ValueRecord | null {
  if (value === null) return null;
  const values = value.values?.map((child) => frozenValue(child)).filter((child) => child !== null) ?? null;
  return Object.freeze({ name: value.name, type: value.type, values: values && Object.freeze(values) });
}

function frozenMetadata(metadata: Metadata): Metadata {
  const copy: Record<string, string> = Object.create(null);
  for (const key of Object.keys(metadata)) copy[key] = String(metadata[key]);
  return Object.freeze(copy);
}
