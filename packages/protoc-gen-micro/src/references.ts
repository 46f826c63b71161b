import { posix } from 'node:path';
import type { FileDescriptorProto } from './gen/compiler.micro.ts';
import type { GenerateOptions } from './generate-options.ts';
import { namesOf } from './names.ts';
import type { Output } from './output.ts';
import type { TypeOf } from './schema.ts';

/** Generated already, in @micro/codec-protobuf. */
export const shippedFiles: ReadonlySet<string> = new Set(
  ['any', 'duration', 'empty', 'field_mask', 'struct', 'timestamp', 'wrappers'].map(
    (name) => `google/protobuf/${name}.proto`,
  ),
);

/** What one generated file calls the types of others, and where it finds them. */
export class References {
  readonly file: FileDescriptorProto;
  readonly output: Output;
  readonly options: GenerateOptions;
  private readonly types: ReadonlyMap<string, TypeOf>;
  private readonly generated: ReadonlySet<string>;
  /** Names that are taken in this file, by whom. */
  private readonly taken = new Map<string, string>();
  private readonly usedFiles = new Set<FileDescriptorProto>();

  constructor(
    file: FileDescriptorProto,
    output: Output,
    types: ReadonlyMap<string, TypeOf>,
    generated: ReadonlySet<string>,
    options: GenerateOptions,
  ) {
    this.file = file;
    this.output = output;
    this.types = types;
    this.generated = generated;
    this.options = options;
    const { types: own, inits, services } = namesOf(file);
    const all = [
      ...own.values(),
      ...inits.values(),
      ...[...services.values()].flatMap(Object.values),
      fileConst(file),
    ];
    for (const name of all) this.taken.set(name, 'here');
  }

  /** The files whose types this one has named. */
  get used(): readonly FileDescriptorProto[] {
    return [...this.usedFiles];
  }

  find(typeName: string | undefined): TypeOf {
    const found = this.types.get(typeName ?? '');
    if (found === undefined) throw new Error(`type ${typeName} is not there, although the file was linked`);
    return found;
  }

  /** A type's name in this file. `as`: only the type of it, the value too, or the type of what is sent. */
  name(typeName: string | undefined, as: 'type' | 'value' | 'init'): string {
    const { file, message } = this.find(typeName);
    const full = (typeName ?? '').slice(1);
    const names = namesOf(file);
    const name = (as === 'init' && message !== undefined ? names.inits : names.types).get(full) ?? full;
    if (file === this.file) return name;
    this.usedFiles.add(file);
    return this.output.use(this.moduleOf(file), name, {
      local: this.local(name, file),
      isType: as !== 'value',
    });
  }

  /** The constant that holds the descriptor of another file. */
  fileConst(file: FileDescriptorProto): string {
    return this.output.use(this.moduleOf(file), fileConst(file));
  }

  /** A name of the runtime. */
  runtime(name: string, isType = false): string {
    return this.output.use(this.options.runtime ?? '@micro/codec-protobuf/generated', name, { isType });
  }

  private local(name: string, { name: from = '' }: FileDescriptorProto): string {
    let local = name;
    while ((this.taken.get(local) ?? from) !== from) local += '_';
    this.taken.set(local, from);
    return local;
  }

  private moduleOf({ name = '' }: FileDescriptorProto): string {
    if (shippedFiles.has(name) && !this.generated.has(name)) return '@micro/codec-protobuf/google';
    const path = posix.relative(
      posix.dirname(this.file.name ?? ''),
      outputName(name, this.options.importExtension ?? 'js'),
    );
    return path.startsWith('.') ? path : `./${path}`;
  }
}

export function outputName(name: string, extension: 'js' | 'ts'): string {
  return `${name.replace(/\.proto$/, '')}.micro.${extension}`;
}

export function fileConst({ name = '' }: FileDescriptorProto): string {
  return `file_${name.replace(/\.proto$/, '').replace(/\W/g, '_')}`;
}
