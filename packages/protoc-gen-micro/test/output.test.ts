import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type GeneratedFile, type GenerateOptions, generate, load } from '../src/index.ts';
import { folder, generated, sources } from './generated.ts';

const protos = folder('test/protos');
const all = ['shop/v1/shop.proto', 'shop/v1/types.proto', 'other/money.proto', 'names.proto', 'old.proto'];

function generateAll(
  options: GenerateOptions = {},
  names: readonly string[] = all,
): readonly GeneratedFile[] {
  const loaded = load(
    names.map((name) => join(protos, name)),
    [protos],
  );
  return generate(loaded.files, loaded.names, options);
}

function content(name: string, options?: GenerateOptions): string {
  const found = generateAll(options).find((file) => file.name === name);
  if (found === undefined) throw new Error(`${name} was not generated`);
  return found.content;
}

test('the generated code of this repository is what the generator makes of its .proto files', () => {
  for (const source of sources) {
    for (const { name, content: wanted } of generated(source)) {
      const path = join(source.out, name);
      if (process.env.MICRO_GENERATE === 'write') writeFileSync(path, wanted);
      expect(readFileSync(path, 'utf8')).toBe(wanted);
    }
  }
});

test('the same input gives the same bytes, whichever files are asked for first', () => {
  const once = generateAll();
  expect(generateAll({}, [...all].reverse())).toEqual(once);
});

describe('what is written', () => {
  test('carries comments over, of messages, fields, values and rpcs, in front or behind', () => {
    const types = content('shop/v1/types.micro.ts');
    expect(types).toContain(
      '/**\n * An article.\n *\n * It has two paragraphs, and the end of a comment: *\\/ is written out.\n */\nexport interface Article',
    );
    expect(types).toContain('  /** Never changes. */\n  readonly id: string;');
    expect(types).toContain(
      '  /**\n   * What it costs.\n   * Without tax.\n   */\n  readonly price?: Money_',
    );
    expect(types).toContain('  /** @deprecated */\n  readonly old: string;');
    const shop = content('shop/v1/shop.micro.ts');
    expect(shop).toContain('  /** Behind it. */\n  readonly trade: Bidi<');
    expect(shop).toContain(`doc: 'Finds an article. It\\'s "quoted" \\\\ here.',`);
  });

  test('keeps idempotency_level and google.api.http', () => {
    const shop = content('shop/v1/shop.micro.ts');
    expect(shop.match(/idempotent: true/g)).toHaveLength(2);
    expect(shop).toContain(`export const ShopRoutes: readonly HttpRoute[] = [
  { endpoint: 'Shop.GetArticle', method: 'GET', path: '/v1/articles/{id}' },
  { endpoint: 'Shop.GetArticle', method: 'GET', path: '/v1/{id=articles/*}' },
  { endpoint: 'Shop.GetArticle', method: 'HEAD', path: '/v1/articles/{id}' },
  { endpoint: 'Shop.PutArticle', method: 'PUT', path: '/v1/articles/{id}', body: '*', responseBody: 'x' },
];`);
  });

  test('a route is registered with its endpoint, as gateways of go-micro read it', () => {
    const shop = content('shop/v1/shop.micro.ts');
    expect(shop).toContain(`    metadata: {
      endpoint: 'Shop.GetArticle',
      handler: 'rpc',
      method: 'GET',
      path: '/v1/articles/{id},/v1/{id=articles/*}',
    },`);
    expect(shop.match(/metadata: \{/g)).toHaveLength(2);
  });

  test('the package is the service, so that paths are those of gRPC; without one it is the name, or the option', () => {
    expect(content('shop/v1/shop.micro.ts')).toContain("contract('shop.v1', 'Shop', {");
    expect(content('names.micro.ts')).toContain("contract('Greeter', 'Greeter', {");
    expect(content('names.micro.ts', { service: 'mine' })).toContain("contract('mine', 'Greeter', {");
  });

  test('types of other files are imported, and renamed where two have one name', () => {
    const types = content('shop/v1/types.micro.ts', { importExtension: 'ts' });
    expect(types).toContain(
      "  Money as Money_,\n  type MoneyInit as MoneyInit_,\n  file_other_money,\n} from '../../other/money.micro.ts';",
    );
    expect(content('shop/v1/shop.micro.ts')).toContain("from './types.micro.js';");
    expect(content('shop/v1/shop.micro.ts')).toContain("from '@micro/codec-protobuf/google';");
  });

  test('has no any and no casts', () => {
    for (const { content: code } of [...generateAll(), ...sources.flatMap(generated)]) {
      const bare = code
        .replace(/\/\*[\s\S]*?\*\/|^\/\/.*/gm, '')
        .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
        .replace(/import [^;]*;/g, '');
      expect(bare).not.toMatch(/(?:: |<|\| )any\b|[\w)\]}] as |\w!\.|@ts-/);
    }
  });

  test('imports nothing that it does not use', () => {
    for (const { content: code } of generateAll()) {
      const names = [...code.matchAll(/^import (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) =>
        list.split(',').map((one) => one.replace(/^\s*(?:type )?(?:\w+ as )?/, '').trim()),
      );
      const body = code.slice(code.lastIndexOf(" from '"));
      for (const name of names.filter((one) => one !== '')) expect(body).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });
});

describe('the TypeScript compiler', () => {
  const out = folder('.cache/compiled');
  afterAll(() => rmSync(out, { recursive: true, force: true }));

  function compile(files: readonly GeneratedFile[]): string {
    rmSync(out, { recursive: true, force: true });
    for (const { name, content: code } of files) {
      mkdirSync(dirname(join(out, name)), { recursive: true });
      writeFileSync(join(out, name), code);
    }
    const compilerOptions = {
      ...{
        target: 'es2022',
        lib: ['es2023'],
        module: 'nodenext',
        types: ['node'],
        noEmit: true,
        skipLibCheck: true,
      },
      ...{
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noImplicitReturns: true,
      },
      ...{
        noFallthroughCasesInSwitch: true,
        noImplicitOverride: true,
        noPropertyAccessFromIndexSignature: true,
      },
      ...{ declaration: true, isolatedDeclarations: true, isolatedModules: true, verbatimModuleSyntax: true },
      ...{ erasableSyntaxOnly: true, allowImportingTsExtensions: true, customConditions: ['@micro/source'] },
    };
    writeFileSync(join(out, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['**/*.ts'] }));
    const tsc = folder('node_modules/typescript/bin/tsc');
    return spawnSync(process.execPath, [tsc, '-p', out], { encoding: 'utf8' }).stdout;
  }

  test('takes every hostile name, in both spellings of imports and of 64 bits', () => {
    expect(compile(generateAll())).toBe('');
    expect(compile(generateAll({ int64: 'string', importExtension: 'ts' }))).toBe('');
  }, 60_000);

  test('takes 500 messages, and messages nested 20 deep', () => {
    const many = Array.from(
      { length: 500 },
      (_, n) => `message M${n} { M${(n + 1) % 500} next = 1; string s = 2; }`,
    );
    const open = Array.from({ length: 20 }, (_, n) => `message D${n} { string s = 1;`).join(' ');
    const name = join(out, 'large.proto');
    mkdirSync(out, { recursive: true });
    writeFileSync(name, `syntax = "proto3"; ${many.join('\n')} ${open} ${'}'.repeat(20)}`);
    const { files, names } = load([name], [out]);
    expect(compile(generate(files, names))).toBe('');
  }, 60_000);
});
