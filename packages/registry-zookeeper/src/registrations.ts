import type { NodeRecord, ServiceRecord } from '@micro/core';
import { encodeRecord } from '@micro/core/plugin';
import { folderOf, nodePath } from './paths.ts';
import type { Session } from './session.ts';
import type { Tree } from './tree.ts';

/** The nodes that this process has registered. */
export interface Registrations {
  register(record: ServiceRecord, ttlMs: number): Promise<void>;
  /** Takes nodes out, also those of other processes. */
  deregister(record: ServiceRecord): Promise<void>;
}

interface Written {
  /** Core renews with the same object where nothing changed. */
  readonly record: ServiceRecord;
  readonly expiresAt: number;
}

export function newRegistrations(root: string, session: Session, tree: Tree): Registrations {
  const written = new Map<string, Written>();

  async function write(record: ServiceRecord, node: NodeRecord, expiresAt: number): Promise<void> {
    const path = nodePath(root, record.name, node.id);
    const known = written.get(path);
    if (known !== undefined) written.set(path, { ...known, expiresAt });
    const isRenewed = known?.record === record && (await isOurs(path));
    if (!isRenewed) await tree.put(folderOf(root, record.name), path, encodeRecord(record, node));
    written.set(path, { record, expiresAt });
  }

  /** Whether it is there as we wrote it, and will go with the session that we have now. */
  async function isOurs(path: string): Promise<boolean> {
    const stat = await tree.stat(path);
    return stat !== undefined && stat.version === 0 && stat.ephemeralOwner.equals(session.id());
  }

  async function remove(path: string): Promise<void> {
    await tree.remove(path);
    written.delete(path);
  }

  /** A node that is not renewed, because taking it out failed, would live on with the session. */
  async function dropExpired(): Promise<void> {
    const time = performance.now();
    const expired = [...written].filter(([, { expiresAt }]) => expiresAt <= time);
    // What fails is tried again at the next renewal.
    await Promise.allSettled(expired.map(([path]) => remove(path)));
  }

  return {
    async register(record, ttlMs) {
      const expiresAt = performance.now() + ttlMs;
      const [first, ...others] = record.nodes;
      if (first !== undefined) await write(record, first, expiresAt); // makes the folder, where there is none
      await Promise.all(others.map((node) => write(record, node, expiresAt)));
      await dropExpired();
    },
    async deregister({ name, nodes }) {
      await Promise.all(nodes.map(({ id }) => remove(nodePath(root, name, id))));
    },
  };
}
