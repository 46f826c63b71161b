/**
 * Follows docs/writing-a-plugin.md word by word in an empty folder outside the repository: writes its files, runs
 * its commands, and fails when one of them does. The @micro packages are packed first and come from their tarballs.
 * Needs the build (`npm run guide:check` makes it) and the npm registry or its cache.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { namedBlocks } from './lib/markdown.mjs';
import { root } from './lib/workspace.mjs';
import { PNPM } from './pnpm.mjs';

const run = promisify(execFile);
const temp = mkdtempSync(join(tmpdir(), 'micro-guide-'));
const guide = readFileSync(join(root, 'docs/writing-a-plugin.md'), 'utf8');
const [, transport = '', registry = ''] = guide.split(/^## /m);
const shared = {};

try {
  const filters = ['--filter', '@micro/core', '--filter', '@micro/conformance'];
  await run('npx', ['--yes', PNPM, '-r', ...filters, 'pack', '--pack-destination', temp], { cwd: root });
  await follow('micro-transport-post', transport);
  await follow('micro-registry-folder', registry);
  console.log('guide:check: both plugins of docs/writing-a-plugin.md pass');
} catch (error) {
  console.error(error.stdout || error.stderr ? `${error.stdout}${error.stderr}` : error);
  process.exitCode = 1;
} finally {
  rmSync(temp, { recursive: true, force: true });
}

/** Does what a section says, from top to bottom. The second package begins with the first one's settings. */
async function follow(name, section) {
  const cwd = join(temp, name);
  mkdirSync(cwd);
  for (const [file, text] of Object.entries(shared)) writeFile(cwd, file, text.replaceAll('post', 'folder'));
  for (const [pattern, value] of [[/"name": "[^"]+"/, `"name": "${name}"`], micro(section)].filter(Boolean))
    shared['package.json'] &&= shared['package.json'].replace(pattern, value);
  if (shared['package.json']) writeFile(cwd, 'package.json', withTarballs(shared['package.json']));
  for (const { language, file, text } of namedBlocks(section)) {
    if (file?.endsWith('.json')) shared[file] = text;
    if (file) writeFile(cwd, file, file === 'package.json' ? withTarballs(text) : text);
    else if (language === 'sh') for (const line of text.trim().split('\n')) await command(name, line, cwd);
  }
}

function micro(section) {
  const found = section.match(/`("micro": \{[^`]*\})`/);
  return found && [/"micro": \{[^}]*\}/, found[1]];
}

function writeFile(cwd, file, text) {
  mkdirSync(dirname(join(cwd, file)), { recursive: true });
  writeFileSync(join(cwd, file), text);
}

/** The packages that are not in the registry yet, or there in an older version. */
function withTarballs(text) {
  const manifest = JSON.parse(text);
  for (const dependency of Object.keys(manifest.devDependencies).filter((key) => key.startsWith('@micro/'))) {
    const file = readdirSync(temp).find((one) => one.startsWith(dependency.slice(1).replace('/', '-')));
    manifest.devDependencies[dependency] = `file:../${file}`;
  }
  return JSON.stringify(manifest, null, 2);
}

async function command(name, line, cwd) {
  if (line.startsWith('mkdir micro-')) return; // the folder is there, under its name
  const start = performance.now();
  const env = { ...process.env, NO_COLOR: '1', npm_config_prefer_offline: 'true', npm_config_audit: 'false' };
  delete env.NODE_OPTIONS;
  const { stdout } = await run('bash', ['-euc', line], { cwd, env, timeout: 300_000, maxBuffer: 2 ** 26 });
  const last = stdout.trim().split('\n');
  const said = last.findLast((text) => /passed|# pass/.test(text)) ?? '';
  console.log(`ok  ${name}: ${line} (${((performance.now() - start) / 1000).toFixed(1)} s) ${said}`);
  if (process.argv.includes('--verbose')) console.log(stdout);
}
