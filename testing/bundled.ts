import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from '@jest/globals';
import { build } from 'esbuild';

/** Some libraries are CommonJS, and ask for Node's own modules by `require`. */
const require =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * A program for processes of their own, bundled from a TypeScript file before the tests and removed after them: where
 * tests run there may be no build. `define`: values of global names in it, asked for when it is bundled. Returns where
 * it stands.
 */
export function bundled(
  file: URL,
  define: () => Readonly<Record<string, unknown>> = () => ({}),
): () => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'micro-test-'));
    const values = Object.entries(define()).map(([name, value]) => [name, JSON.stringify(value)]);
    await build({
      ...{ entryPoints: [fileURLToPath(file)], outfile: join(folder, 'program.mjs') },
      ...{ bundle: true, platform: 'node', format: 'esm', conditions: ['@micro/source'] },
      ...{ banner: { js: require }, define: Object.fromEntries(values), logLevel: 'error' },
    });
  });
  afterAll(() => rm(folder, { recursive: true }));
  return () => join(folder, 'program.mjs');
}
