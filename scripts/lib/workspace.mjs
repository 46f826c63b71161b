/** The packages of this repository, read from the folders that pnpm-workspace.yaml names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Every workspace folder with its package.json: `{ dir, manifest }`, `dir` relative to the root. */
export function workspace() {
  const folders = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')
    .match(/^packages:\n((?: +- .*\n)+)/m)[1]
    .split('\n')
    .map((line) => line.replace(/^ +- +/, '').trim())
    .filter(Boolean);
  return folders.flatMap((folder) => {
    const parent = folder.replace(/\/\*$/, '');
    const dirs = parent === folder ? [folder] : children(parent);
    return dirs
      .filter((dir) => existsSync(join(root, dir, 'package.json')))
      .map((dir) => ({ dir, manifest: JSON.parse(readFileSync(join(root, dir, 'package.json'), 'utf8')) }));
  });
}

/** The packages that are published. */
export function publicPackages() {
  return workspace().filter(({ manifest }) => manifest.private !== true);
}

/** `@micro/core/plugin` for each entry of the package's exports, package.json left out. */
export function entries(manifest) {
  return Object.keys(manifest.exports)
    .filter((path) => path !== './package.json')
    .map((path) => manifest.name + path.slice(1));
}

function children(parent) {
  if (!existsSync(join(root, parent))) return [];
  return readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${parent}/${entry.name}`);
}
