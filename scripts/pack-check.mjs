/**
 * The packages as users get them: packs every public one, lints the tarballs (publint, arethetypeswrong), installs
 * them with plain npm in a project outside the repository and imports, requires, type-checks, runs and bundles
 * there. One line per check; needs the build (`npm run pack:check` makes it) and the npm registry or its cache.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { consumerFiles, EXPECTED } from './lib/consumer.mjs';
import { entries, publicPackages, root } from './lib/workspace.mjs';
import { PNPM } from './pnpm.mjs';

const run = promisify(execFile);
const packages = publicPackages();
const names = packages.map(({ manifest }) => manifest.name);
const temp = mkdtempSync(join(tmpdir(), 'micro-pack-'));
const consumer = join(temp, 'consumer');
const bin = (name) => join(root, 'node_modules/.bin', name);
let failures = 0;

try {
  await check('pack', pack);
  for (const tarball of tarballs()) await check(`lint ${tarball}`, () => lint(join(temp, tarball)));
  if (await check('npm install of the tarballs in an empty project', install)) {
    const modules = packages.flatMap(({ manifest }) => entries(manifest));
    await check(`import (${modules.length} entries)`, () => node('import.mjs'));
    await check(`require (${modules.length} entries)`, () => node('require.cjs'));
    await check('types: nodenext, strict, skipLibCheck off', typeCheck);
    await check('the program runs', () => node('dist/program.js', EXPECTED));
    await check('the program runs when bundled: registrations survive', bundle);
  }
} finally {
  rmSync(temp, { recursive: true, force: true });
}
console.log(
  failures === 0
    ? `pack:check: ${packages.length} packages are fit to publish`
    : `pack:check: ${failures} failed`,
);
process.exitCode = failures === 0 ? 0 : 1;

async function check(title, work) {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  try {
    await work();
    console.log(`ok     ${title} (${seconds()})`);
    return true;
  } catch (error) {
    failures += 1;
    console.log(`FAILED ${title} (${seconds()})`);
    console.error(error.stdout || error.stderr ? `${error.stdout}${error.stderr}`.trim() : error.message);
    return false;
  }
}

async function pack() {
  const filters = names.flatMap((name) => ['--filter', name]);
  await run('npx', ['--yes', PNPM, '-r', ...filters, 'pack', '--pack-destination', temp], { cwd: root });
  const found = tarballs().length;
  if (found !== packages.length) throw new Error(`packed ${found} of ${packages.length} packages`);
}

function tarballs() {
  return readdirSync(temp).filter((file) => file.endsWith('.tgz'));
}

async function lint(tarball) {
  await Promise.all([
    run(bin('publint'), [tarball, '--strict']),
    run(bin('attw'), [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']),
  ]);
}

async function install() {
  const tools = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies;
  const tarball = ({ manifest }) =>
    `file:../${manifest.name.slice(1).replace('/', '-')}-${manifest.version}.tgz`;
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(packages.map((pkg) => [pkg.manifest.name, tarball(pkg)])),
    devDependencies: { '@types/node': tools['@types/node'], typescript: tools.typescript },
  };
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), JSON.stringify(manifest));
  for (const [file, text] of Object.entries(consumerFiles(packages)))
    writeFileSync(join(consumer, file), text);
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--strict-peer-deps'];
  await run('npm', ['install', ...flags], { cwd: consumer });
}

/** Runs a file there. A library that keeps the process alive by being imported fails by the timeout. */
async function node(file, expected = '') {
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: consumer, timeout: 20_000 });
  if (stdout !== expected || stderr !== '')
    throw new Error(`${file} printed ${JSON.stringify(stdout + stderr)}`);
}

/** Our declarations and what they make of others'. That a client library's own contradict themselves is not ours. */
async function typeCheck() {
  const tsc = ['node_modules/typescript/bin/tsc', '--pretty', 'false'];
  try {
    await run(process.execPath, tsc, { cwd: consumer });
  } catch (error) {
    const lines = (error.stdout ?? '').split('\n').filter((line) => /^\S/.test(line));
    const ours = lines.filter((line) => !/^node_modules\/(?!@micro\/)/.test(line));
    if (lines.length === 0 || ours.length > 0) throw error;
  }
}

async function bundle() {
  const options = ['--bundle', '--minify', '--format=esm', '--platform=node', '--log-level=warning'];
  options.push('--external:etcd3'); // reads its .proto files when it is loaded: nobody can bundle it
  // CommonJS dependencies inside an ES module bundle call require(), and ask for the folder they lie in.
  const banner = [
    "--banner:js=import { createRequire as r } from 'node:module';",
    'const require = r(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;',
  ].join(' ');
  await run(bin('esbuild'), ['dist/program.js', ...options, banner, '--outfile=bundle.mjs'], {
    cwd: consumer,
  });
  await node('bundle.mjs', EXPECTED);
}
