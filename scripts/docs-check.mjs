/**
 * Type-checks every ```ts block of the documentation against the workspace's sources and looks up every relative
 * link. Errors name the Markdown line. A block that starts with `// file.ts` can be imported by the other blocks of
 * the same document as './file.ts'. A block is exempt only with a reason: ```ts ignore: why
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { relativeLinks, typescriptBlocks } from './lib/markdown.mjs';
import { root, workspace } from './lib/workspace.mjs';

const cache = join(root, '.cache/docs-check'); // inside the root, so that the root's node_modules are found
const problems = [];
const sources = new Map(); // generated file, relative to the root: { document, line }

rmSync(cache, { recursive: true, force: true });
mkdirSync(cache, { recursive: true });
linkDependencies();
const documents = findDocuments();
let exempt = 0;
for (const document of documents) {
  const markdown = readFileSync(join(root, document), 'utf8');
  checkLinks(document, markdown);
  writeBlocks(document, markdown);
}
if (sources.size > 0) typeCheck();

for (const problem of problems) console.error(problem);
const failed = problems.length > 0;
console.log(
  `docs: ${documents.length} documents, ${sources.size} ts blocks, ${exempt} exempt, ${failed ? `${problems.length} errors` : 'all right'}`,
);
process.exitCode = failed ? 1 : 0;

function findDocuments() {
  const under = (dir) =>
    existsSync(join(root, dir))
      ? readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' })
          .filter((f) => f.endsWith('.md'))
          .map((f) => join(dir, f))
      : [];
  const readmes = workspace().map(({ dir }) => `${dir}/README.md`);
  return ['README.md', 'CONTRIBUTING.md', ...under('docs'), ...readmes].filter((file) =>
    existsSync(join(root, file)),
  );
}

function checkLinks(document, markdown) {
  for (const { line, target } of relativeLinks(markdown)) {
    const path = resolve(join(root, dirname(document)), target);
    if (!existsSync(path)) problems.push(`${document}:${line}: the link leads nowhere: ${target}`);
  }
}

function writeBlocks(document, markdown) {
  const folder = join(cache, document.replace(/[\\/]/g, '__'));
  for (const { line, info, text, file } of typescriptBlocks(markdown)) {
    if (/^ignore: \S/.test(info)) {
      exempt += 1;
      continue;
    }
    if (info !== '') {
      problems.push(
        `${document}:${line}: \`\`\`ts ${info} is not understood; an exemption needs a reason: \`\`\`ts ignore: why`,
      );
      continue;
    }
    const path = join(folder, file ?? `line-${line}.ts`);
    if (existsSync(path)) problems.push(`${document}:${line}: a second block named ${file}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, text);
    sources.set(relative(root, path).replaceAll('\\', '/'), { document, line });
  }
}

/** Every package of the workspace, and what the packages themselves depend on (zod and the like). */
function linkDependencies() {
  for (const { dir, manifest } of workspace()) {
    if (manifest.name.startsWith('@micro/')) link(manifest.name, join(root, dir));
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    for (const name of names)
      if (!name.startsWith('@micro/')) link(name, join(root, dir, 'node_modules', name));
  }
}

function link(name, target) {
  const path = join(cache, 'node_modules', name);
  if (existsSync(path) || !existsSync(target)) return;
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, 'junction');
}

function typeCheck() {
  const compilerOptions = { moduleDetection: 'force', declarationMap: false, noUnusedLocals: false };
  const config = {
    extends: '../../tsconfig.src.json',
    compilerOptions,
    include: ['*/*.ts'],
    exclude: ['node_modules'],
  };
  writeFileSync(join(cache, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(cache, 'package.json'), '{"type":"module"}');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(cache, 'tsconfig.json'), '--pretty', 'false'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  const before = problems.length;
  for (const text of stdout.split('\n')) {
    const [, path, line, column, message] = text.match(/^(.+?)\((\d+),(\d+)\): (.*)$/) ?? [];
    const block = sources.get(path);
    if (block) problems.push(`${block.document}:${block.line + Number(line)}:${column}: ${message}`);
    else if (text.trim() !== '') problems.push(text);
  }
  if (status !== 0 && problems.length === before) problems.push(`tsc ended with status ${status}: ${stderr}`);
}
