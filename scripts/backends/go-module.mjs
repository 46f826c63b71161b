import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, cacheFolder } from './cache.mjs';
import { onPath, run } from './processes.mjs';

/**
 * A server built from a Go module whose versions go/<name>/go.mod and go.sum pin, with no C compiler. Minutes of two
 * processors the first time: at the lowest priority, so that others can work meanwhile. `programs`: the packages to
 * build where they are not the module itself, each a file of its last name.
 */
export function goModule(name, module, programs) {
  const folder = fileURLToPath(new URL(`go/${name}`, import.meta.url));
  const key = async () => {
    const pins = await Promise.all(['go.mod', 'go.sum'].map((file) => readFile(join(folder, file))));
    const hash = createHash('sha256').update(Buffer.concat(pins)).digest('hex').slice(0, 8);
    return `${name}-${versionOf(module, String(pins[0]))}-${process.platform}-${process.arch}-${hash}`;
  };
  return {
    what: `the Go module ${module}, to be built`,
    quick: false,
    missing: () => (onPath('go') === undefined ? 'there is no go on the PATH' : undefined),
    cached: async () => cached(await key()),
    key,
    async make(target) {
      // Its own caches, dropped afterwards: those of Consul take 3 GB.
      const caches = join(cacheFolder, `go-${name}`);
      const env = {
        ...process.env,
        CGO_ENABLED: '0',
        GOTOOLCHAIN: 'local',
        GOWORK: 'off',
        GOFLAGS: '-mod=readonly -buildvcs=false -trimpath -modcacherw',
        GOPATH: join(caches, 'path'),
        GOMODCACHE: join(caches, 'modules'),
        GOCACHE: join(caches, 'build'),
      };
      const output = programs === undefined ? [join(target, name), module] : [`${target}/`, ...programs];
      const args = ['-n', '19', 'go', 'build', '-ldflags=-s -w', '-o', ...output];
      await run('nice', args, { cwd: folder, env });
      await rm(caches, { recursive: true });
    },
  };
}

/** A program of ours in go/<name>, of Go's standard library alone: half a minute, once for each state of its sources. */
export function goSources(name) {
  const folder = fileURLToPath(new URL(`go/${name}`, import.meta.url));
  const key = async () => {
    const hash = createHash('sha256');
    for (const file of (await readdir(folder)).sort())
      hash.update(file).update(await readFile(join(folder, file)));
    return `${name}-${process.platform}-${process.arch}-${hash.digest('hex').slice(0, 8)}`;
  };
  return {
    what: `the Go program ${name}, to be built`,
    quick: true,
    missing: () => (onPath('go') === undefined ? 'there is no go on the PATH' : undefined),
    cached: async () => cached(await key()),
    key,
    async make(target) {
      const cache = await mkdtemp(join(tmpdir(), `go-${name}-`));
      try {
        const own = { CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off', GOCACHE: cache };
        const args = ['-n', '19', 'go', 'build', '-buildvcs=false', '-trimpath', '-ldflags=-s -w'];
        const env = { ...process.env, ...own };
        await run('nice', [...args, '-o', join(target, name), '.'], { cwd: folder, env });
      } finally {
        await rm(cache, { recursive: true });
      }
    },
  };
}

function versionOf(module, goMod) {
  const [, version] = new RegExp(`^\\s*(?:require )?${module} v(\\S+)`, 'm').exec(goMod) ?? [];
  if (version === undefined) throw new Error(`${module} is not in its go.mod`);
  return version;
}
