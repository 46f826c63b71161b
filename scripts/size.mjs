/**
 * Bundles and minifies @micro/core as an application would and reports the minified size against its budget; fails when it grows.
 * The gzip size is printed for information. Needs the build (`npm run size` makes it).
 */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { root } from './lib/workspace.mjs';

const BUDGET = 25_000; // bytes, minified: 25 kB, the goal
const CEILING = 78_600; // bytes: what core may not grow beyond; lower it with every saving

const { outputFiles } = await build({
  entryPoints: [join(root, 'packages/core/dist/index.js')],
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  write: false,
});
const code = outputFiles[0].contents;
const bytes = (n) => n.toLocaleString('en-US');
const share = `${Math.round((code.length / BUDGET) * 100)} % of the budget of ${bytes(BUDGET)} bytes`;
console.log(
  `@micro/core: ${bytes(code.length)} bytes minified (${share}), ${bytes(gzipSync(code, { level: 9 }).length)} gzip`,
);
if (code.length > BUDGET) console.log(`size: the goal is missed by ${bytes(code.length - BUDGET)} bytes`);
if (code.length > CEILING) {
  console.error(`size: core has grown beyond its ceiling of ${bytes(CEILING)} bytes`);
  process.exitCode = 1;
}
