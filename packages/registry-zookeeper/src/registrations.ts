import type { NodeRecord, ServiceRecord } from '@micro/core';
import { encodeRecord, newLifetimes } from '@micro/core/plugin';
import { folderOf, nodePath } from './paths.ts';
import type { Session } from './session.ts';
import type { Tree } from './tree.ts';

/** The nodes that this process has registered. */
export interface Registrations {
  register(record: ServiceRecord, ttlMs: number): Promise<void>;
  /** Takes nodes out, also those of other processes. */
  deregister(record: ServiceRecord): Promise<void>;
}

export function newRegistrations(root: string, session: Session, tree: Tree): Registrations {
  /** What each path was written with: core renews with the same object where nothing changed. */
  const paths = newLifetimes<ServiceRecord>(tree.remove);

  async function write(record: ServiceRecord, node: NodeRecord, expiresAt: number): Promise<void> {
    const path = nodePath(root, record.name, node.id);
    const isRenewed = paths.renewing(path, expiresAt) === record && (await isOurs(path));
    if (!isRenewed) await tree.put(folderOf(root, record.name), path, encodeRecord(record, node));
    paths.written(path, record, expiresAt);
  }

  /** Whether it is there as we wrote it, and will go with the session that we have now. */
  async function isOurs(path: string): Promise<boolean> {
    const stat = await tree.stat(path);
    return stat !== undefined && stat.version === 0 && stat.ephemeralOwner.equals(session.id());
  }

  return {
    async register(record, ttlMs) {
      const expiresAt = performance.now() + ttlMs;
      const [first, ...others] = record.nodes;
      if (first !== undefined) await write(record, first, expiresAt); // makes the folder, where there is none
      await Promise.all(others.map((node) => write(record, node, expiresAt)));
      await paths.dropExpired();
    },
    async deregister({ name, nodes }) {
      await Promise.all(nodes.map(({ id }) => paths.remove(nodePath(root, name, id))));
    },
  };
}
