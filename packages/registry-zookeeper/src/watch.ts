import type { RegistryChange } from '@micro/core';
import { orAborted, recordMirror } from '@micro/core/plugin';
import type { Tree } from './tree.ts';

export interface Watched {
  readonly name: string;
  readonly folder: string;
  readonly changed: (change: RegistryChange) => void;
  readonly signal: AbortSignal;
}

/**
 * Watches a folder's children and their data. ZooKeeper's watches tell once that something has changed and not what,
 * so each is set again by the reading that it causes: nothing is missed, and what is read is told once. Resolves when
 * the signal aborts.
 */
export async function watchFolder(tree: Tree, { name, folder, changed, signal }: Watched): Promise<void> {
  const mirror = recordMirror('zookeeper', name);
  const texts = new Map<string, string>();
  const toRead = new Set<string>();
  let children: ReadonlySet<string> = new Set();
  let isListDue = true;
  let isListed = false;
  let wake = (): void => {};

  async function readChildren(): Promise<void> {
    isListDue = false;
    const due = (): void => {
      isListDue = true;
      wake();
    };
    const found = await tree.children(folder, due);
    // A service that nobody has offered yet has no folder: its coming is watched instead.
    if (found === undefined && (await tree.stat(folder, due)) !== undefined) isListDue = true;
    children = new Set(found ?? []);
    for (const child of children) if (!texts.has(child)) toRead.add(child);
  }

  async function readChild(child: string): Promise<readonly RegistryChange[]> {
    const due = (): void => {
      toRead.add(child);
      wake();
    };
    const text = children.has(child) ? await tree.text(`${folder}/${child}`, due) : undefined;
    if (!text) return texts.delete(child) ? mirror.remove(child) : [];
    texts.set(child, text);
    return isListed ? mirror.put(child, text) : [];
  }

  while (!signal.aborted) {
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    if (isListDue) await readChildren();
    for (const child of texts.keys()) if (!children.has(child)) toRead.add(child);
    const reading = [...toRead];
    toRead.clear();
    const changes = (await Promise.all(reading.map(readChild))).flat();
    if (signal.aborted) return;
    if (!isListed) changed(mirror.list(texts));
    else for (const change of changes) if (!signal.aborted) changed(change);
    isListed = true;
    if (!isListDue && toRead.size === 0) await orAborted(woken, signal);
  }
}
