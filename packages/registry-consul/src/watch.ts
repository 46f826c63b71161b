import type { RegistryChange, ServiceRecord } from '@micro/core';
import type { Connection } from './connection.ts';
import { awaitService } from './lookups.ts';
import type { Settings } from './options.ts';

export interface Watched {
  readonly name: string;
  readonly changed: (change: RegistryChange) => void;
  readonly signal: AbortSignal;
}

/**
 * Asks again and again, each time held by Consul until the service has changed, and tells the list where it differs.
 * Resolves when the signal aborts; rejects when Consul is lost.
 */
export async function watchService(
  connection: Connection,
  { name, changed, signal }: Watched,
  settings: Pick<Settings, 'stale'>,
): Promise<void> {
  let told: string | undefined;
  let index = 0n;
  while (!signal.aborted) {
    const answer = await awaitService(connection, name, index, { ...settings, signal });
    if (signal.aborted) return;
    // An index that goes back is that of a server without our past: its list holds, and we begin anew.
    const isFresh = answer.index >= index;
    // One without an index must not be asked again at once.
    index = isFresh ? maxOf(answer.index, 1n) : 0n;
    const text = fingerprint(answer.services);
    if (text === told) continue;
    told = text;
    changed(Object.freeze({ type: 'list', name, services: answer.services }));
  }
}

function maxOf(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

function fingerprint(services: readonly ServiceRecord[]): string {
  return services
    .map((service) => JSON.stringify(service))
    .sort()
    .join();
}
