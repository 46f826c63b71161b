import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeMessage, encodeMessage } from '@micro/codec-protobuf';
import { describePeer } from '../../../scripts/backends/jest.mjs';
import { FileDescriptorProto, FileDescriptorSet } from '../src/gen/compiler.micro.ts';
import { generate, load } from '../src/index.ts';
import { buildCommand } from './built.ts';
import { folder, sources } from './generated.ts';

const protos = folder('test/protos');
const temporary = folder('.cache/protoc');

await describePeer('protoc', ({ protoc }) => {
  let plugin: string;
  beforeAll(async () => {
    rmSync(temporary, { recursive: true, force: true });
    // Of our own files only google/api: google/protobuf is protoc's
    cpSync(folder('protos/google/api'), join(temporary, 'api/google/api'), { recursive: true });
    plugin = await buildCommand();
  });
  afterAll(() => rmSync(temporary, { recursive: true, force: true }));

  function run(args: readonly string[]): { status: number | null; stderr: string } {
    const { status, stderr, error } = spawnSync(
      protoc,
      [`-I${protos}`, `-I${join(temporary, 'api')}`, ...args],
      {
        encoding: 'utf8',
      },
    );
    if (error !== undefined) throw error;
    return { status, stderr };
  }

  /** The descriptor without what only one of us has: comments, places, options of other languages. */
  function comparable(file: FileDescriptorProto): unknown {
    const bare = FileDescriptorProto.create({ ...file, sourceCodeInfo: undefined, options: undefined });
    const text = JSON.stringify(bare, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    return JSON.parse(text);
  }

  test('makes the same descriptors of .proto files as we do', () => {
    const names = [
      'names.proto',
      'old.proto',
      'other/money.proto',
      'shop/v1/types.proto',
      'shop/v1/shop.proto',
    ];
    const more = sources.flatMap(({ folder: root, files }) =>
      root === folder('protos') ? [] : files.map((file) => ({ root, file })),
    );
    for (const { root, file } of [...names.map((name) => ({ root: protos, file: name })), ...more]) {
      const out = join(temporary, 'set.bin');
      expect(run([`-I${root}`, `--descriptor_set_out=${out}`, file])).toEqual({
        status: 0,
        stderr: expect.any(String),
      });
      const theirs = decodeMessage(FileDescriptorSet, readFileSync(out), 'drop').file[0];
      const ours = load([join(root, file)], [root]).files.at(-1);
      if (theirs === undefined || ours === undefined) throw new Error(`nothing came of ${file}`);
      // Extensions are left out here, and their lists with them
      expect(
        comparable(decodeMessage(FileDescriptorProto, encodeMessage(FileDescriptorProto, ours), 'drop')),
      ).toEqual(comparable(theirs));
    }
  });

  test('runs us as its plugin, and gets the code that the command writes, byte for byte', () => {
    const names = ['names.proto', 'other/money.proto', 'shop/v1/types.proto', 'shop/v1/shop.proto'];
    const out = join(temporary, 'out');
    mkdirSync(out, { recursive: true });
    const options = [
      `--plugin=protoc-gen-micro=${plugin}`,
      `--micro_out=${out}`,
      '--micro_opt=int64=string,import_extension=ts',
    ];
    expect(run([...options, ...names])).toEqual({ status: 0, stderr: '' });
    const { files } = load(
      names.map((name) => join(protos, name)),
      [protos],
    );
    const generated = generate(files, names, { int64: 'string', importExtension: 'ts' });
    expect(readdirSync(out, { recursive: true }).filter((name) => String(name).endsWith('.ts'))).toHaveLength(
      4,
    );
    for (const { name, content } of generated) expect(readFileSync(join(out, name), 'utf8')).toBe(content);
  });

  test('tells what is wrong with an option, or with a file', () => {
    const options = [`--plugin=protoc-gen-micro=${plugin}`, `--micro_out=${temporary}`];
    expect(run([...options, '--micro_opt=colour=red', 'names.proto'])).toEqual({
      status: 1,
      stderr: expect.stringContaining('there is no option colour'),
    });
    writeFileSync(
      join(temporary, 'group.proto'),
      'syntax = "proto2";\nmessage A {\n  repeated group B = 1 {}\n}\n',
    );
    expect(run([...options, `-I${temporary}`, join(temporary, 'group.proto')])).toEqual({
      status: 1,
      stderr: expect.stringContaining('group.proto:3:3: field b: groups are not supported'),
    });
  });
});
