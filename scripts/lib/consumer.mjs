/** A small project that uses the published packages, for pack-check. */
import { entries } from './workspace.mjs';

/** What program.ts prints. */
export const EXPECTED = 'Hello Ada\n';

/** File name to text. */
export function consumerFiles(packages) {
  const modules = packages.flatMap(({ manifest }) => entries(manifest));
  const plugins = packages.filter(({ manifest }) => manifest.micro);
  return {
    'tsconfig.json': JSON.stringify({ compilerOptions, files: ['program.ts', 'types.ts'] }),
    'import.mjs': modules.map((name) => `await import('${name}');\n`).join(''),
    'require.cjs': modules.map((name) => `require('${name}');\n`).join(''),
    'types.ts': modules.map((name, i) => `export type * as m${i} from '${name}';\n`).join(''),
    'program.ts': program(plugins),
  };
}

const compilerOptions = {
  target: 'es2022',
  lib: ['es2023'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  types: ['node'],
  outDir: 'dist',
};

/** Names every plugin, which its package must have declared and registered; the call itself goes through memory. */
function program(plugins) {
  const known = plugins.map(
    ({ manifest: { micro } }) => `createService({ name: 'known', ${micro.kind}: '${micro.name}' });`,
  );
  return `import { contract, createService, rpc, type } from '@micro/core';
${plugins.map(({ manifest }) => `import '${manifest.name}';`).join('\n')}

const Greeter = contract('greeter', 'Greeter', {
  hello: rpc({ request: type<{ name: string }>(), response: type<{ msg: string }>() }),
});
${known.join('\n')}
const service = createService({ name: 'greeter', registry: 'memory', transport: 'memory', broker: 'memory' });
service.handle(Greeter, { hello: async ({ name }) => ({ msg: \`Hello \${name}\` }) });
await service.start();
const { msg } = await service.client.of(Greeter).hello({ name: 'Ada' });
await service.stop();
console.log(msg);
`;
}
