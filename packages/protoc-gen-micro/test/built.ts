import { chmodSync } from 'node:fs';
import { build } from 'esbuild';
import { folder } from './generated.ts';

/** The command as a program of its own: where tests run there may be no build. */
export async function buildCommand(): Promise<string> {
  const outfile = folder('.cache/cli.mjs');
  await build({
    entryPoints: [folder('src/cli.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@micro/source'],
    logLevel: 'error',
    // protobufjs is CommonJS and calls require()
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  chmodSync(outfile, 0o755);
  return outfile;
}
