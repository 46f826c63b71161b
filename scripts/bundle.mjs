/**
 * Writes what is published of each package: one file for each of its entries, and one for what they share, where the
 * build has a file for each module. Loading a module costs a process about as much as a hundred calls. Names are kept
 * and nothing is minified. Needs the build (`npm run bundle` makes it).
 * Dependencies stay outside, but for those that a package names in `micro.inline`: CommonJS that node would search for
 * its exports when an ES module imports it. Their licenses go into the bundle's folder.
 * Arguments: the packages to write, without @micro/; all by default.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { publicPackages, root } from './lib/workspace.mjs';

// what is inlined asks for node's own modules by require()
const requireBanner =
  "import { createRequire as nodeRequire } from 'node:module';\nconst require = nodeRequire(import.meta.url);";
const wanted = new Set(process.argv.slice(2).map((name) => `@micro/${name}`));

for (const { dir, manifest } of publicPackages()) {
  if (wanted.size > 0 && !wanted.has(manifest.name)) continue;
  const modules = Object.values(manifest.exports).flatMap((to) => to.default ?? []);
  const outdir = join(root, dir, 'bundle');
  const inline = manifest.micro?.inline ?? [];
  rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: [...modules, ...Object.values(manifest.bin ?? {})].map((path) => join(root, dir, path)),
    outdir,
    outbase: join(root, dir, 'dist'),
    bundle: true,
    splitting: true,
    plugins: [outside(inline)],
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
    ...(inline.length > 0 && { banner: { js: requireBanner } }),
  });
  if (inline.length > 0) writeFileSync(join(outdir, 'LICENSES'), licenses(join(root, dir), inline));
}

/** Leaves out every package but those that are named. */
function outside(inline) {
  const isPath = /^[./]/;
  return {
    name: 'outside',
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, kind, resolveDir }) => {
        const within = isPath.test(path) || inline.includes(path);
        return kind === 'entry-point' || within || !resolveDir ? undefined : { path, external: true };
      });
    },
  };
}

function licenses(dir, inline) {
  let from = createRequire(join(dir, 'package.json'));
  return inline
    .map((name) => {
      const main = from.resolve(name);
      from = createRequire(main); // what it needs itself comes after it
      const folder = main.slice(
        0,
        main.lastIndexOf(join('node_modules', name)) + join('node_modules', name).length,
      );
      return `${name}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n`;
    })
    .join('\n\n');
}
