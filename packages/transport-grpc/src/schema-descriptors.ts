import type { ServedEndpoint } from '@micro/core';
import { isObject } from '@micro/core/plugin';

/** A .proto file as the schemas of `@micro/codec-protobuf` carry it. */
interface ProtoFile {
  readonly name: string;
  /** A serialized FileDescriptorProto. */
  readonly descriptor: () => Uint8Array;
  /** More of the kind. */
  readonly imports: readonly unknown[];
}

/** The descriptors of all files that the endpoints' messages are of, with what they import. */
export function descriptorsOf(served: readonly ServedEndpoint[]): Uint8Array[] {
  const files = new Map<string, ProtoFile>();
  const add = (file: unknown): void => {
    if (!isProtoFile(file) || files.has(file.name)) return;
    files.set(file.name, file);
    for (const imported of file.imports) add(imported);
  };
  for (const { request, response } of served) for (const schema of [request, response]) add(fileOf(schema));
  return [...files.values()].map(({ descriptor }) => descriptor());
}

/** Found by its shape: a transport knows no codec. */
function fileOf(schema: unknown): unknown {
  const type = isObject(schema) ? schema['~protobuf'] : undefined;
  return isObject(type) ? type.file : undefined;
}

function isProtoFile(file: unknown): file is ProtoFile {
  return (
    isObject(file) &&
    typeof file.name === 'string' &&
    typeof file.descriptor === 'function' &&
    Array.isArray(file.imports)
  );
}
