import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, fetched } from '../../scripts/backends/cache.mjs';
import { onPath, run } from '../../scripts/backends/processes.mjs';

const folderOf = (major) => fileURLToPath(new URL(major, import.meta.url));

/**
 * The Go peers of a major, as `{ version, file, grpcFile }`, built where it is not in the cache yet. The sources are those of v4:
 * what we use of go-micro has kept its names, so for another major only the import paths change; its own folder has
 * the versions (go.mod, go.sum) and the plugins (plugins.go).
 */
export async function goPeer(major, say) {
  const { sources, version, key } = await planOf(major);
  const folder = await fetched(key, async (target) => {
    say(`go-micro v${version}: building the peers (minutes, once)`);
    await build(sources, target);
  });
  return { version, file: join(folder, 'peer'), grpcFile: join(folder, 'peer-grpc') };
}

/** Why there can be no Go peer of the major here, or undefined. */
export async function goMissing(major) {
  if (onPath('go') !== undefined || (await cached((await planOf(major)).key)) !== undefined) return undefined;
  return 'there is no go on the PATH';
}

async function planOf(major) {
  const sources = await sourcesOf(major);
  const version = /go-micro\.dev\/v\d+ v(\S+)/.exec(sources.get('go.mod'))[1];
  const hash = createHash('sha256')
    .update(JSON.stringify([...sources]))
    .digest('hex')
    .slice(0, 8);
  return { sources, version, key: `go-peer-${version}-${process.platform}-${process.arch}-${hash}` };
}

async function sourcesOf(major) {
  const sources = new Map();
  for (const name of (await readdir(folderOf('v4'))).sort())
    if (name.endsWith('.go'))
      sources.set(
        name,
        (await readFile(join(folderOf('v4'), name), 'utf8')).replaceAll(
          'go-micro.dev/v4',
          `go-micro.dev/${major}`,
        ),
      );
  for (const name of ['go.mod', 'go.sum', 'plugins.go', 'grpc.go'])
    sources.set(name, await readFile(join(folderOf(major), name), 'utf8'));
  return sources;
}

/** With the ordinary Go client and its caches, at the lowest priority: others work on this machine too. */
async function build(sources, target) {
  const folder = await mkdtemp(join(tmpdir(), 'micro-go-peer-'));
  try {
    for (const [name, text] of sources) await writeFile(join(folder, name), text);
    const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' };
    const args = [
      '-n',
      '19',
      'go',
      'build',
      '-p=1',
      '-mod=readonly',
      '-buildvcs=false',
      '-trimpath',
      '-ldflags=-s -w',
    ];
    for (const more of [
      ['-o', join(target, 'peer')],
      ['-tags=grpc', '-o', join(target, 'peer-grpc')],
    ])
      await run('nice', [...args, ...more, '.'], { cwd: folder, env });
  } finally {
    await rm(folder, { recursive: true });
  }
}
