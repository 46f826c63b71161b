import { checkEnum, checkMessage } from './checks.ts';
import {
  type DescriptorProto,
  type DescriptorProtoInit,
  FileDescriptorProto,
  type FileDescriptorProtoInit,
  type MethodDescriptorProtoInit,
} from './gen/compiler.micro.ts';
import { Places } from './places.ts';
import { ProtoError } from './proto-error.ts';
import type { Found, Kind, Symbols } from './symbols.ts';

/**
 * Looks up the names in a file, whose imports are linked: afterwards it is the descriptor that protoc makes. Throws a
 * `ProtoError` for names that are not there, or twice, or of a file that is not imported, and for numbers used twice.
 */
export function link(parsed: FileDescriptorProtoInit, symbols: Symbols): FileDescriptorProto {
  const file = FileDescriptorProto.create(parsed);
  const linker = new Linker(file, symbols);
  const scope = file.package ?? '';
  symbols.addFile(file);
  for (const [index, type] of file.messageType.entries()) linker.declare(scope, type, [4, index]);
  for (const [index, type] of file.enumType.entries()) linker.declareEnum(scope, type, [5, index]);
  for (const [index, { name = '' }] of file.service.entries())
    linker.add('service', join(scope, name), [6, index]);
  const linked = FileDescriptorProto.create({
    ...file,
    messageType: file.messageType.map((type, index) => linker.message(scope, type, [4, index])),
    service: file.service.map((service, index) => ({
      ...service,
      method: service.method.map((method, at) =>
        linker.method(join(scope, service.name ?? ''), method, [6, index, 2, at]),
      ),
    })),
  });
  for (const [index, service] of linked.service.entries()) {
    const seen = new Set<string>();
    for (const [at, { name = '' }] of service.method.entries()) {
      const key = name.charAt(0).toLowerCase() + name.slice(1);
      if (seen.has(key))
        throw new ProtoError(linker.places.of([6, index, 2, at]), `rpc ${name} is declared twice`);
      seen.add(key);
    }
  }
  return linked;
}

function join(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}

class Linker {
  readonly places: Places;
  private readonly file: FileDescriptorProto;
  private readonly symbols: Symbols;

  constructor(file: FileDescriptorProto, symbols: Symbols) {
    this.file = file;
    this.symbols = symbols;
    this.places = new Places(file);
  }

  add(kind: Kind, fullName: string, path: readonly number[]): void {
    this.symbols.add({ kind, fullName, file: this.file.name ?? '', place: this.places.of(path) });
  }

  declare(scope: string, type: DescriptorProto, path: readonly number[]): void {
    const fullName = join(scope, type.name ?? '');
    this.add('message', fullName, path);
    checkMessage(type, fullName, path, this.places);
    for (const [index, nested] of type.nestedType.entries())
      this.declare(fullName, nested, [...path, 3, index]);
    for (const [index, nested] of type.enumType.entries())
      this.declareEnum(fullName, nested, [...path, 4, index]);
  }

  declareEnum(scope: string, type: FileDescriptorProto['enumType'][number], path: readonly number[]): void {
    this.add('enum', join(scope, type.name ?? ''), path);
    checkEnum(type, path, this.places);
    // The values stand beside their enum, as in C++ (protobuf.dev/programming-guides/proto3/#enum)
    for (const [index, { name = '' }] of type.value.entries())
      this.add('value', join(scope, name), [...path, 2, index]);
  }

  message(scope: string, type: DescriptorProto, path: readonly number[]): DescriptorProtoInit {
    const fullName = join(scope, type.name ?? '');
    return {
      ...type,
      field: type.field.map((field, index) => {
        if (field.typeName === undefined) return field;
        const found = this.find(fullName, field.typeName, [...path, 2, index, 6]);
        if (found.kind !== 'message' && found.kind !== 'enum')
          throw new ProtoError(
            this.places.of([...path, 2, index, 6]),
            `"${field.typeName}" is no type, but a ${found.kind}`,
          );
        return {
          ...field,
          type: found.kind === 'enum' ? 'TYPE_ENUM' : 'TYPE_MESSAGE',
          typeName: `.${found.fullName}`,
        };
      }),
      nestedType: type.nestedType.map((nested, index) => this.message(fullName, nested, [...path, 3, index])),
    };
  }

  method(
    scope: string,
    method: MethodDescriptorProtoInit,
    path: readonly number[],
  ): MethodDescriptorProtoInit {
    const resolve = (name: string, part: number): string => {
      const found = this.find(scope, name, [...path, part]);
      if (found.kind !== 'message')
        throw new ProtoError(this.places.of([...path, part]), `"${name}" is no message, but a ${found.kind}`);
      return `.${found.fullName}`;
    };
    return {
      ...method,
      inputType: resolve(method.inputType ?? '', 2),
      outputType: resolve(method.outputType ?? '', 3),
    };
  }

  private find(scope: string, name: string, path: readonly number[]): Found {
    const found = this.symbols.find(scope, name);
    if (found === undefined) throw new ProtoError(this.places.of(path), `there is no type "${name}"`);
    if (!this.symbols.sees(this.file.name ?? '', found.file))
      throw new ProtoError(this.places.of(path), `"${name}" is in ${found.file}, which is not imported`);
    return found;
  }
}
