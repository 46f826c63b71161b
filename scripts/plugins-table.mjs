/**
 * Writes the tables of plugins into README.md and docs/plugins.md, between their two comments, from each package's
 * "micro" field, its dependencies, and the features that the plugin itself declares. `--check` only compares. Needs
 * the build.
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
  packages.set(`${manifest.micro.kind} ${manifest.micro.name}`, { dir, manifest });
}

const plugins = [];
for (const kind of kindNames()) {
  for (const name of pluginNames(kind)) {
    const { features } = createPlugin(kind, name, undefined, testHost());
    const { dir, manifest } = packages.get(`${kind} ${name}`) ?? {};
    packages.delete(`${kind} ${name}`);
    plugins.push({ kind, name, dir, manifest, features: [...(features ?? [])].sort().join(', ') });
  }
}
if (packages.size > 0) throw new Error(`registered by no import of its package: ${[...packages.keys()]}`);

const short = table(
  ['kind', 'name', 'package', 'features'],
  plugins.map(({ kind, name, dir, manifest, features }) => [
    kind,
    `\`${name}\``,
    dir === undefined ? 'in core' : `[${manifest.name}](${dir})`,
    features,
  ]),
);
const long = table(
  ['kind', 'name', 'package', 'features', 'delivery', 'tested with', 'client library'],
  plugins.map(({ kind, name, dir, manifest, features }) => [
    kind,
    `\`${name}\``,
    dir === undefined ? 'in core' : `[${manifest.name}](../${dir})`,
    features,
    manifest?.micro.delivery ?? '',
    manifest?.micro.tested?.join(', ') ?? '',
    libraries(manifest),
  ]),
);
write('README.md', short);
write('docs/plugins.md', long);

function libraries({ dependencies = {} } = {}) {
  const foreign = Object.entries(dependencies).filter(([name]) => !name.startsWith('@micro/'));
  return foreign.map(([name, version]) => `${name} ${version}`).join(', ');
}

function table(head, rows) {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function write(file, rows) {
  const path = join(root, file);
  const text = readFileSync(path, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} lacks ${begin} or ${end}`);
  const written = `${text.slice(0, from + begin.length)}\n${rows}\n${text.slice(to)}`;
  if (written === text) console.log(`plugins: ${plugins.length} in the table of ${file}, all right`);
  else if (process.argv.includes('--check')) {
    console.error(`plugins: the table in ${file} is not what the packages say; run npm run plugins:table`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, written);
    console.log(`plugins: ${plugins.length} written into ${file}`);
  }
}
