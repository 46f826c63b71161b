import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { cached, exists } from './cache.mjs';
import { onPath, run } from './processes.mjs';

/**
 * A server unpacked from Debian packages, without root and without installing anything. The packages are named one
 * by one, the server's own first: asking apt for what they need leaves out whatever this machine happens to have.
 * `adapt(folder, finalFolder)` changes what must know where it lies.
 */
export function debianPackages(name, packages, adapt = async () => {}) {
  const list = createHash('sha256').update(packages.join()).digest('hex').slice(0, 8);
  const prefix = `${name}-debian-${process.arch}-${list}-`;
  return {
    what: `the Debian package ${packages[0]}`,
    quick: true,
    missing() {
      const tool = ['apt-get', 'dpkg'].find((command) => onPath(command) === undefined);
      return tool && `there is no ${tool} on the PATH`;
    },
    // Any version will do: what the newest one is, only `npm run backends -- fetch` asks.
    cached: () => cached(prefix),
    async key() {
      const file = (await debFiles(packages)).find((name) => name.startsWith(`${packages[0]}_`));
      const [, version = ''] = /_(.+)_/.exec(file ?? '') ?? [];
      return `${prefix}${version.replace(/[^\w.-]/g, '-')}`;
    },
    async make(target, final) {
      const debs = join(target, 'debs');
      await mkdir(debs);
      await run('apt-get', ['download', ...packages], { cwd: debs });
      for (const deb of await readdir(debs)) await run('dpkg', ['-x', join(debs, deb), target]);
      await rm(debs, { recursive: true });
      await relink(target);
      await adapt(target, final);
    },
  };
}

// As root on a machine that has never asked (a container), apt is asked to update its lists; nobody else can.
async function debFiles(packages) {
  const ask = () => run('apt-get', ['download', '--print-uris', ...packages]);
  const printed = await ask().catch(async (error) => {
    if (process.getuid?.() !== 0) throw new Error(`${error.message}; run apt-get update as root once`);
    await run('apt-get', ['update']);
    return ask();
  });
  return printed
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
}

/** Absolute links (those of Java's configuration) would leave the folder: made relative where the target is inside. */
async function relink(root) {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(entry.parentPath ?? entry.path, entry.name);
    const target = await readlink(link);
    const inside = join(root, target);
    if (!target.startsWith('/') || !(await exists(inside))) continue;
    await rm(link);
    await symlink(relative(dirname(link), inside), link);
  }
}

/** Replaces text in a file. */
export async function edit(file, from, to) {
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll(from, to));
}

/** Where the unpacked programs look for their libraries. */
export function libraries(root) {
  const folder = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch] ?? '';
  return [join(root, 'usr/lib', folder), join(root, 'lib', folder)].join(':');
}
