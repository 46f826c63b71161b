/**
 * Writes the table of plugins into README.md, between its two comments, from each package's "micro" field and from
 * the features that the plugin itself declares. `--check` only compares. Needs the build.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { publicPackages, root } from './lib/workspace.mjs';

const begin = '<!-- plugins: written by scripts/plugins-table.mjs -->';
const end = '<!-- /plugins -->';
const load = (dir) => import(pathToFileURL(join(root, dir, 'dist/index.js')).href);
const { createPlugin, kindNames, pluginNames } = await load('packages/core');
const { testHost } = await load('packages/conformance');

const packages = new Map();
for (const { dir, manifest } of publicPackages()) {
  if (manifest.micro === undefined) continue;
  await load(dir);
  const { kind, name } = manifest.micro;
  packages.set(`${kind} ${name}`, `[${manifest.name}](${dir})`);
}

const rows = [];
for (const kind of kindNames()) {
  for (const name of pluginNames(kind)) {
    const { features } = createPlugin(kind, name, undefined, testHost());
    const said = features === undefined ? '' : [...features].sort().join(', ');
    rows.push(`| ${kind} | \`${name}\` | ${packages.get(`${kind} ${name}`) ?? 'in core'} | ${said} |`);
    packages.delete(`${kind} ${name}`);
  }
}
if (packages.size > 0) throw new Error(`registered by no import of its package: ${[...packages.keys()]}`);
const table = ['| kind | name | package | features |', '|---|---|---|---|', ...rows].join('\n');

const path = join(root, 'README.md');
const readme = readFileSync(path, 'utf8');
const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
if (from < 0 || to < from) throw new Error(`README.md lacks ${begin} or ${end}`);
const written = `${readme.slice(0, from + begin.length)}\n${table}\n${readme.slice(to)}`;
if (written === readme) console.log(`plugins: ${rows.length} in the table of README.md, all right`);
else if (process.argv.includes('--check')) {
  console.error('plugins: the table in README.md is not what the packages say; run npm run plugins:table');
  process.exitCode = 1;
} else {
  writeFileSync(path, written);
  console.log(`plugins: ${rows.length} written into README.md`);
}
