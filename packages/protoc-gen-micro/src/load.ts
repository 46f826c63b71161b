import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FileDescriptorProto, FileDescriptorProtoInit } from './gen/compiler.micro.ts';
import { link } from './link.ts';
import { parse } from './parse.ts';
import { type Place, ProtoError } from './proto-error.ts';
import { Symbols } from './symbols.ts';

/** google/protobuf and google/api, for those who have no protoc. */
const ownProtos = fileURLToPath(new URL('../protos', import.meta.url));

export interface Loaded {
  /** Imports before those who import them. */
  readonly files: readonly FileDescriptorProto[];
  /** As they are imported: the names of the files that were asked for. */
  readonly names: readonly string[];
  /** What was read from the disk, to be watched. */
  readonly paths: readonly string[];
}

/**
 * Reads .proto files and all that they import, as protoc does: a file's name is its path from the first of the
 * folders that it is in. Throws a `ProtoError` that names file, line and column.
 */
export function load(paths: readonly string[], folders: readonly string[]): Loaded {
  const roots = folders.length === 0 ? ['.'] : folders;
  const loader = new Loader([...roots, ownProtos]);
  const names = paths.map((path) => nameOf(path, roots));
  for (const [index, name] of names.entries()) {
    loader.load(name, { file: paths[index] ?? name, line: 1, column: 1 });
  }
  return { files: loader.files, names, paths: loader.paths };
}

function nameOf(path: string, folders: readonly string[]): string {
  for (const folder of folders) {
    const name = relative(resolve(folder), resolve(path));
    if (!name.startsWith('..') && !isAbsolute(name)) return name.replaceAll('\\', '/');
  }
  throw new ProtoError(
    { file: path, line: 1, column: 1 },
    `it is in none of the folders ${folders.join(', ')}`,
  );
}

class Loader {
  readonly files: FileDescriptorProto[] = [];
  readonly paths: string[] = [];
  private readonly symbols = new Symbols();
  private readonly folders: readonly string[];
  private readonly done = new Set<string>();
  private readonly open: string[] = [];

  constructor(folders: readonly string[]) {
    this.folders = folders;
  }

  load(name: string, from: Place): void {
    if (this.done.has(name)) return;
    if (this.open.includes(name)) {
      const cycle = [...this.open.slice(this.open.indexOf(name)), name].join(' -> ');
      throw new ProtoError(from, `files import each other: ${cycle}`);
    }
    this.open.push(name);
    const parsed = this.read(name, from);
    const marks = new Map(
      parsed.sourceCodeInfo?.location?.map(({ path = [], span = [] }) => [path.join('.'), span]),
    );
    const seen = new Set<string>();
    for (const [index, imported] of (parsed.dependency ?? []).entries()) {
      const [line = 0, column = 0] = marks.get(`3.${index}`) ?? [];
      const place = { file: name, line: line + 1, column: column + 1 };
      if (seen.has(imported)) throw new ProtoError(place, `"${imported}" is imported twice`);
      seen.add(imported);
      this.load(imported, place);
    }
    this.files.push(link(parsed, this.symbols));
    this.open.pop();
    this.done.add(name);
  }

  private read(name: string, from: Place): FileDescriptorProtoInit {
    if (/(?:^|\/)\.\.?(?:\/|$)|^\/|\\/.test(name))
      throw new ProtoError(from, `"${name}" is no name of a file: no dots, no backslashes`);
    for (const folder of this.folders) {
      const path = join(folder, name);
      if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
      this.paths.push(path);
      return parse(name, readFileSync(path, 'utf8'));
    }
    throw new ProtoError(from, `there is no file "${name}" in ${this.folders.slice(0, -1).join(', ')}`);
  }
}
