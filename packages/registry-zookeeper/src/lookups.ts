import type { ServiceRecord } from '@micro/core';
import { readRecord } from '@micro/core/plugin';
import { folderOf, serviceOf } from './paths.ts';
import type { Tree } from './tree.ts';

/** A service's nodes. */
export async function readService(tree: Tree, root: string, name: string): Promise<readonly ServiceRecord[]> {
  return Object.freeze(await readFolder(tree, folderOf(root, name), name));
}

/** The names of all services that have nodes. Folders that have none stay, as in Go. */
export async function readNames(tree: Tree, root: string): Promise<readonly string[]> {
  const folders = (await tree.children(root)) ?? [];
  const named = await Promise.all(folders.map((folder) => namesIn(tree, root, folder)));
  return Object.freeze([...new Set(named.flat())].sort());
}

async function namesIn(tree: Tree, root: string, folder: string): Promise<readonly string[]> {
  const name = serviceOf(folder);
  if (name === undefined)
    return (await readFolder(tree, `${root}/${folder}`, undefined)).map((one) => one.name);
  const nodes = await tree.children(`${root}/${folder}`);
  return nodes === undefined || nodes.length === 0 ? [] : [name];
}

async function readFolder(
  tree: Tree,
  folder: string,
  name: string | undefined,
): Promise<readonly ServiceRecord[]> {
  const nodes = (await tree.children(folder)) ?? [];
  const records = await Promise.all(
    nodes.map(async (node) => {
      const text = await tree.text(`${folder}/${node}`);
      // Empty: a folder of somebody else's, or a node on its way out.
      return text ? readRecord('zookeeper', `${folder}/${node}`, text, name) : undefined;
    }),
  );
  return records.filter((record) => record !== undefined);
}
