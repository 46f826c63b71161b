import type { NodeRecord, ServiceRecord } from '@micro/core';
import { encodeRecord, newLifetimes } from '@micro/core/plugin';
import { CompareResult, CompareTarget } from 'etcd3';
import type { Connection } from './connection.ts';
import { nodeKey } from './keys.ts';
import type { Leases } from './leases.ts';

/** The nodes that this process has registered. */
export interface Registrations {
  register(record: ServiceRecord, ttlMs: number): Promise<void>;
  /** Takes nodes out, also those of other processes. */
  deregister(record: ServiceRecord): Promise<void>;
}

interface Written {
  /** Core renews with the same object where nothing changed. */
  readonly record: ServiceRecord;
  readonly lease: string;
  /** At which etcd has our text under the key, with our lease: as long as nobody has changed it. */
  readonly revision: string;
}

const unchanged = { target: CompareTarget.Mod, result: CompareResult.Equal };

export function newRegistrations(prefix: string, connection: Connection, leases: Leases): Registrations {
  const keys = newLifetimes<Written>(async (name) => {
    await connection.request((client) => client.kv.deleteRange({ key: Buffer.from(name) }));
  });

  async function register(record: ServiceRecord, ttlMs: number): Promise<void> {
    const lease = await leases.renewed(ttlMs);
    const expiresAt = performance.now() + ttlMs;
    await Promise.all(record.nodes.map((node) => write(record, node, lease, expiresAt)));
    await keys.dropExpired();
  }

  /** Writes only where etcd has not what we wrote last: a renewal changes nothing that watchers would be told of. */
  async function write(
    record: ServiceRecord,
    node: NodeRecord,
    lease: string,
    expiresAt: number,
  ): Promise<void> {
    const name = nodeKey(prefix, record.name, node.id);
    const known = keys.renewing(name, expiresAt);
    const isSame = known?.record === record && known.lease === lease;
    const key = Buffer.from(name);
    const put = { request_put: { key, value: Buffer.from(encodeRecord(record, node)), lease } };
    const compare = isSame ? [{ ...unchanged, key, mod_revision: known.revision }] : [];
    const request = isSame ? { compare, failure: [put] } : { success: [put] };
    const answer = await connection.request((client) => client.kv.txn(request));
    const revision = isSame && answer.succeeded ? known.revision : answer.header.revision;
    keys.written(name, { record, lease, revision }, expiresAt);
  }

  return {
    register,
    async deregister({ name, nodes }) {
      await Promise.all(nodes.map(({ id }) => keys.remove(nodeKey(prefix, name, id))));
    },
  };
}
