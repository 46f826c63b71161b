/**
 * Writes what is published of each package: one file for each of its entries, and one for what they share, where the
 * build has a file for each module. Loading a module costs a process about as much as a hundred calls. Names are kept
 * and nothing is minified. Needs the build (`npm run bundle` makes it).
 * Arguments: the packages to write, without @micro/; all by default.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { publicPackages, root } from './lib/workspace.mjs';

const wanted = new Set(process.argv.slice(2).map((name) => `@micro/${name}`));

for (const { dir, manifest } of publicPackages()) {
  if (wanted.size > 0 && !wanted.has(manifest.name)) continue;
  const modules = Object.values(manifest.exports).flatMap((to) => to.default ?? []);
  const outdir = join(root, dir, 'bundle');
  rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: [...modules, ...Object.values(manifest.bin ?? {})].map((path) => join(root, dir, path)),
    outdir,
    outbase: join(root, dir, 'dist'),
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
  });
}
