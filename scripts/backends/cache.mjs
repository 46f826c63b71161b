import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from './processes.mjs';

/** Where fetched and built servers stay: outside every checkout, so that a second clone pays nothing. */
export const cacheFolder = process.env.MICRO_BACKENDS_CACHE || join(homedir(), '.cache', 'micro-backends');

/** The newest complete folder whose key begins so. */
export async function cached(prefix) {
  const entries = await readdir(cacheFolder).catch(() => []);
  const keys = entries.filter((entry) => entry.startsWith(prefix) && !isUnfinished(entry));
  const dated = await Promise.all(
    keys.map(async (key) => ({ key, made: (await stat(join(cacheFolder, key))).mtimeMs })),
  );
  const [newest] = dated.sort((a, b) => b.made - a.made);
  return newest && join(cacheFolder, newest.key);
}

/** The folder of the key, made by `make(folder, finalFolder)` when it is not there: whole or not at all, by one process at a time. */
export async function fetched(key, make) {
  const folder = join(cacheFolder, key);
  if (await exists(folder)) return folder;
  await mkdir(cacheFolder, { recursive: true });
  const unlock = await lock(`${folder}${lockSuffix}`);
  const making = await mkdtemp(`${folder}${makingSuffix}`);
  try {
    if (await exists(folder)) return folder;
    await make(making, folder);
    await rename(making, folder);
    return folder;
  } finally {
    await rm(making, { recursive: true, force: true });
    await unlock();
  }
}

const lockSuffix = '~lock';
const makingSuffix = '~making-';
const isUnfinished = (entry) => entry.includes('~');

async function lock(file) {
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return () => rm(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    // An empty file is one whose owner is about to write its id.
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) await rm(file, { force: true });
    else await pause(200);
  }
}

export async function exists(path) {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
