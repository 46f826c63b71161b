import type { NodeRecord, ServiceRecord } from '@micro/core';
import { isMicroError } from '@micro/core';
import type { Connection } from './connection.ts';
import { statusOf } from './errors.ts';
import type { Settings } from './options.ts';
import { agentService } from './services.ts';

/** The nodes that this process has registered with the agent. */
export interface Registrations {
  register(record: ServiceRecord, ttlMs: number): Promise<void>;
  deregister(record: ServiceRecord): Promise<void>;
}

export function newRegistrations(connection: Connection, settings: Settings): Registrations {
  /** What the agent has of a node, as far as we know. Core renews with the same object where nothing changed. */
  const registered = new Map<string, { readonly record: ServiceRecord; readonly ttlMs: number }>();

  async function registerNode(record: ServiceRecord, node: NodeRecord, ttlMs: number): Promise<void> {
    const known = registered.get(node.id);
    if (known?.record === record && known.ttlMs === ttlMs && (await renew(node.id))) return;
    const service = agentService(record, node, ttlMs, settings);
    await connection.request((client, options) => {
      const wanted = { ...options, ...service };
      return client.agent.service.register(wanted);
    });
    // An agent that has the check already keeps its state, whatever we say; and one that was set survives a restart.
    if (settings.check.type === 'ttl') await renew(node.id);
    registered.set(node.id, { record, ttlMs });
  }

  /** False: the agent does not know the node any more. */
  function renew(id: string): Promise<boolean> {
    return settings.check.type === 'ttl' ? pass(id) : isThere(id);
  }

  async function pass(id: string): Promise<boolean> {
    try {
      await connection.request((client, options) => {
        const wanted = { ...options, id: `service:${id}` };
        return client.agent.check.pass(wanted);
      });
      return true;
    } catch (error) {
      if (!isUnknown(error)) throw error;
      return false;
    }
  }

  async function isThere(id: string): Promise<boolean> {
    const { body } = await connection.request((client, options) => {
      const wanted = { ...options, filter: `ID == ${JSON.stringify(id)}` };
      return client.agent.service.list(wanted);
    });
    return typeof body === 'object' && body !== null && Object.keys(body).length > 0;
  }

  async function deregisterNode({ id }: NodeRecord): Promise<void> {
    try {
      await connection.request((client, options) => {
        const wanted = { ...options, id };
        return client.agent.service.deregister(wanted);
      });
    } catch (error) {
      if (!isUnknown(error)) throw error; // what is not there is out already
    }
    registered.delete(id);
  }

  return {
    async register(record, ttlMs) {
      await Promise.all(record.nodes.map((node) => registerNode(record, node, ttlMs)));
    },
    async deregister({ nodes }) {
      await Promise.all(nodes.map(deregisterNode));
    },
  };
}

/** The agent does not know the service, or its check. */
function isUnknown(error: unknown): boolean {
  return isMicroError(error) && statusOf(error.cause) === 404;
}
