import { castGrpcError, type ILeaseKeepAliveResponse } from 'etcd3';
import type { Connection } from './connection.ts';

/** One lease for each TTL, shared by all nodes that ask for it: a fleet costs etcd no more leases than processes. */
export interface Leases {
  /** The id of a lease with at least its whole TTL before it: renewed, or a new one where etcd has dropped it. */
  renewed(ttlMs: number): Promise<string>;
}

interface Lease {
  id: string | undefined;
  /** Calls at once share one renewal. */
  renewing: Promise<string> | undefined;
}

export function newLeases(connection: Connection, timeoutMs: number): Leases {
  const leases = new Map<number, Lease>();

  async function renew(lease: Lease, ttlSeconds: number): Promise<string> {
    const { id } = lease;
    if (id !== undefined && (await keepAlive(connection, id, timeoutMs))) return id;
    const granted = await connection.request((client) => client.leaseClient.leaseGrant({ TTL: ttlSeconds }));
    lease.id = granted.ID;
    return granted.ID;
  }

  return {
    async renewed(ttlMs) {
      // etcd counts in seconds, and raises what is too short for its elections.
      const ttlSeconds = Math.max(1, Math.ceil(ttlMs / 1_000));
      const lease = leases.get(ttlSeconds) ?? { id: undefined, renewing: undefined };
      leases.set(ttlSeconds, lease);
      lease.renewing ??= renew(lease, ttlSeconds).finally(() => {
        lease.renewing = undefined;
      });
      return lease.renewing;
    },
  };
}

/** Renews once. False: etcd does not know the lease any more. */
function keepAlive(connection: Connection, id: string, timeoutMs: number): Promise<boolean> {
  return connection.request(async ({ leaseClient }) => {
    const stream = await leaseClient.leaseKeepAlive({ deadline: Date.now() + timeoutMs });
    const answer = await new Promise<ILeaseKeepAliveResponse>((resolve, reject) => {
      stream
        .on('data', resolve)
        .on('error', (error) => reject(castGrpcError(error)))
        .on('end', () => reject(new Error('etcd ended a lease renewal without an answer')));
      stream.write({ ID: id });
      stream.end();
    });
    return Number(answer.TTL) > 0;
  });
}
