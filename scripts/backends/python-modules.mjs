import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from './cache.mjs';
import { onPath, run } from './processes.mjs';

/** Python modules, for PYTHONPATH, in the versions of python/<name>/requirements.txt: a folder for each Python. */
export function pythonModules(name) {
  const requirements = fileURLToPath(new URL(`python/${name}/requirements.txt`, import.meta.url));
  const key = async () => {
    const hash = createHash('sha256')
      .update(await readFile(requirements))
      .digest('hex')
      .slice(0, 8);
    const version = await run('python3', ['-c', 'import platform; print(platform.python_version())']);
    return `python-${name}-${version.trim()}-${process.platform}-${process.arch}-${hash}`;
  };
  const missing = () => (onPath('python3') === undefined ? 'there is no python3 on the PATH' : undefined);
  return {
    what: `the Python modules of python/${name}/requirements.txt`,
    quick: true,
    missing,
    cached: async () => (missing() === undefined ? cached(await key()) : undefined),
    key,
    async make(target) {
      const options = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore', '--no-deps'];
      await run('python3', [
        '-m',
        'pip',
        'install',
        ...options,
        '--target',
        join(target, 'modules'),
        '-r',
        requirements,
      ]);
    },
  };
}
