import assert from 'node:assert/strict';
import type { NodeRecord, Registry, ServiceRecord } from '@micro/core';
import { eventually } from '../eventually.ts';
import { entries } from '../expectations.ts';
import type { RegistryScope } from './harness.ts';

/** Long enough to outlive a case. */
export const longTtlMs = 120_000;

/** A record with nodes of these ids. */
export function record(
  name: string,
  ids: readonly string[],
  more: Partial<ServiceRecord> = {},
): ServiceRecord {
  return { name, version: '1.0.0', metadata: {}, endpoints: [], nodes: ids.map((id) => node(id)), ...more };
}

export function node(
  id: string,
  address = '127.0.0.1:1000',
  metadata: NodeRecord['metadata'] = {},
): NodeRecord {
  return { id, address, metadata };
}

/** Records as plain data in one order, those of one version joined, so that two answers can be compared. */
export function plain(services: readonly ServiceRecord[]): unknown {
  const versions = new Map<string, { about: unknown; nodes: unknown[] }>();
  const sorted = services.flatMap((service) => service.nodes.map((one) => ({ service, one })));
  sorted.sort((a, b) => (a.one.id < b.one.id ? -1 : 1));
  for (const { service, one } of sorted) {
    const { name, version, metadata, endpoints } = service;
    const about = {
      name,
      version,
      metadata: entries(metadata),
      endpoints: endpoints.map((endpoint) => ({ ...endpoint, metadata: entries(endpoint.metadata) })),
    };
    const joined = versions.get(version) ?? { about, nodes: [] };
    joined.nodes.push({ id: one.id, address: one.address, metadata: entries(one.metadata) });
    versions.set(version, joined);
  }
  return [...versions].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `version id address` of every node, sorted. */
export function nodeLines(services: readonly ServiceRecord[]): readonly string[] {
  return services
    .flatMap(({ version, nodes }) => nodes.map(({ id, address }) => `${version} ${id} ${address}`))
    .sort();
}

/** How long a change may take. */
export function patience({ harness }: RegistryScope, registry: Registry): number {
  return (harness.patienceMs ?? 10_000) + registry.propagationMs;
}

/** Waits until the registry shows exactly these nodes. */
export async function shows(
  scope: RegistryScope,
  registry: Registry,
  name: string,
  lines: readonly string[],
): Promise<void> {
  const check = async (): Promise<void> =>
    assert.deepEqual(nodeLines(await registry.getService(name)), lines);
  await eventually(check, { timeoutMs: patience(scope, registry) });
}

/** Registers for the length of the case. */
export async function register(
  scope: RegistryScope,
  registry: Registry,
  service: ServiceRecord,
): Promise<void> {
  await registry.register(service, { ttlMs: longTtlMs });
  // what is left behind would be seen by whoever lists services later; a closed registry refuses, which is right
  scope.defer(() => registry.deregister(service).catch(() => undefined));
}
