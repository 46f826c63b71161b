import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeMessage, encodeMessage } from '@micro/codec-protobuf';
import { CodeGeneratorRequest, CodeGeneratorResponse } from '../src/gen/compiler.micro.ts';
import { answer } from '../src/plugin.ts';
import { buildCommand } from './built.ts';
import { folder } from './generated.ts';

let command: string;
let root: string;
beforeAll(async () => {
  command = await buildCommand();
});
beforeEach(() => {
  if (root !== undefined) rmSync(root, { recursive: true, force: true });
  root = mkdtempSync(join(tmpdir(), 'micro-command-'));
  cpSync(folder('test/protos'), root, { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function run(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('the command', () => {
  test('writes what was asked for and its imports, in the folders of the packages', () => {
    expect(run('shop/v1/shop.proto', '--out', 'gen')).toEqual({
      status: 0,
      stdout: '3 files, 3 of them new or changed\n',
      stderr: '',
    });
    for (const name of ['shop/v1/shop', 'shop/v1/types', 'other/money'])
      expect(existsSync(join(root, `gen/${name}.micro.ts`))).toBe(true);
    expect(existsSync(join(root, 'gen/google'))).toBe(false);
  });

  test('writes only what has changed', () => {
    run('shop/v1/shop.proto', '--out', 'gen');
    const { mtimeMs } = statSync(join(root, 'gen/other/money.micro.ts'));
    const types = join(root, 'shop/v1/types.proto');
    writeFileSync(types, readFileSync(types, 'utf8').replace('string id', 'string ident'));
    expect(run('shop/v1/shop.proto', '--out', 'gen').stdout).toBe('3 files, 1 of them new or changed\n');
    expect(statSync(join(root, 'gen/other/money.micro.ts')).mtimeMs).toBe(mtimeMs);
  });

  test('takes its folders and options', () => {
    const args = [
      '-I',
      'shop',
      '-I',
      '.',
      'names.proto',
      '--out',
      'gen',
      '--int64',
      'string',
      '--import-extension',
      'ts',
    ];
    expect(run(...args, '--service', 'mine')).toMatchObject({ status: 0 });
    const code = readFileSync(join(root, 'gen/names.micro.ts'), 'utf8');
    expect(code).toContain("contract('mine', ");
    expect(code).toContain('readonly bigint: string;');
  });

  test('tells an error with its place, and writes nothing', () => {
    writeFileSync(join(root, 'bad.proto'), 'syntax = "proto3";\nmessage A {\n  B b = 1;\n}\n');
    expect(run('bad.proto', '--out', 'gen')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'bad.proto:3:3: there is no type "B"\n',
    });
    expect(existsSync(join(root, 'gen'))).toBe(false);
    expect(run('missing.proto', '--out', 'gen').stderr).toContain('there is no file "missing.proto"');
  });

  test.each([
    [['--help'], 0, 'Writes TypeScript contracts'],
    [['a.proto'], 1, '--out <folder>'],
    [['--out', 'gen'], 1, 'which .proto files'],
    [['a.proto', '--out', 'gen', '--int64', 'number'], 1, 'int64 is bigint or string'],
    [['a.proto', '--out', 'gen', '--colour'], 1, "Unknown option '--colour'"],
  ])('%j', (args, status, text) => {
    const result = run(...args);
    expect(result.status).toBe(status);
    expect(result.stdout + result.stderr).toContain(text);
  });

  test('watches: a change is written, an error is told, and it goes on', async () => {
    const child = spawn(process.execPath, [command, 'other/money.proto', '--out', 'gen', '--watch'], {
      cwd: root,
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const errors = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
    const money = join(root, 'other/money.proto');
    const source = readFileSync(money, 'utf8');
    const next = async (from: typeof lines): Promise<string> => String((await from.next()).value);
    try {
      expect(await next(lines)).toBe('1 files, 1 of them new or changed; watching');
      expect(await next(lines)).toBe('1 files, 0 of them new or changed; watching');
      writeFileSync(money, source.replace('string currency', 'bytes currency'));
      expect(await next(lines)).toBe('1 files, 1 of them new or changed; watching');
      expect(readFileSync(join(root, 'gen/other/money.micro.ts'), 'utf8')).toContain('currency: Uint8Array');
      writeFileSync(money, `${source}!`);
      expect(await next(errors)).toContain('other/money.proto:17:1: unexpected character "!"');
      writeFileSync(money, source);
      expect(await next(lines)).toBe('1 files, 1 of them new or changed; watching');
    } finally {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    }
  });
});

describe('the plugin', () => {
  test('answers a request with files, and says that it knows optional', () => {
    const protoFile = [{ name: 'a.proto', syntax: 'proto3', messageType: [{ name: 'A' }] }];
    const request = encodeMessage(CodeGeneratorRequest, { fileToGenerate: ['a.proto'], protoFile });
    const { file, supportedFeatures, error } = decodeMessage(CodeGeneratorResponse, answer(request));
    expect({ names: file.map(({ name }) => name), supportedFeatures, error }).toEqual({
      names: ['a.micro.ts'],
      supportedFeatures: 1n,
      error: undefined,
    });
  });

  test('refuses bytes that are no request', () => {
    expect(() => answer(Buffer.from('ff', 'hex'))).toThrow('invalid micro.compiler.CodeGeneratorRequest');
  });
});
