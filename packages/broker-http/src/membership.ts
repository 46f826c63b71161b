import { MicroError, type NodeRecord, noMetadata, type ServiceRecord } from '@micro/core';
import type { SocketAddress } from '@micro/core/plugin';
import { hostAndPort } from './options.ts';

/** The service under which subscribers are registered (go-micro v2.5 to v6: broker/http.go). */
export const brokerService = 'micro.http.broker';
/** The version of a subscriber that sees every message; any other version is a queue. */
export const broadcastVersion = 'ff.http.broadcast';

/** A subscriber, as a publisher sees it. */
export interface Member {
  readonly id: string;
  readonly address: string;
  /** Undefined: it cannot be read, so nothing reaches the member. */
  readonly target: SocketAddress | undefined;
  readonly secure: boolean;
}

/** Who gets a message of a topic: every one of `all`, and one of each queue. */
export interface Members {
  readonly all: readonly Member[];
  readonly queues: readonly (readonly Member[])[];
}

export interface Membership {
  readonly id: string;
  readonly topic: string;
  readonly queue: string | undefined;
  readonly address: string;
  readonly secure: boolean;
}

/** A subscription as go-micro's broker registers it. */
export function recordOf({ id, topic, queue, address, secure }: Membership): ServiceRecord {
  const metadata = { broker: 'http', secure: String(secure), topic };
  return Object.freeze({
    name: brokerService,
    version: queue ?? broadcastVersion,
    metadata: noMetadata,
    endpoints: [],
    nodes: [{ id, address, metadata }],
  });
}

/** The members by topic. */
export function membersOf(services: readonly ServiceRecord[]): ReadonlyMap<string, Members> {
  const topics = new Map<string, { all: Member[]; queues: Map<string, Member[]> }>();
  for (const { version, nodes } of services) {
    for (const node of nodes) {
      const { broker, topic } = node.metadata;
      if (broker !== 'http' || topic === undefined) continue;
      let found = topics.get(topic);
      if (found === undefined) {
        found = { all: [], queues: new Map() };
        topics.set(topic, found);
      }
      const queue = version === broadcastVersion ? found.all : (found.queues.get(version) ?? []);
      if (version !== broadcastVersion) found.queues.set(version, queue);
      queue.push(memberOf(node));
    }
  }
  return new Map(
    [...topics].map(([topic, { all, queues }]) => [topic, { all, queues: [...queues.values()] }]),
  );
}

function memberOf({ id, address, metadata }: NodeRecord): Member {
  return { id, address, target: readable(address), secure: metadata.secure === 'true' };
}

function readable(address: string): SocketAddress | undefined {
  try {
    return hostAndPort(address);
  } catch (error) {
    if (error instanceof MicroError) return undefined; // reported when a message should go there
    throw error;
  }
}
