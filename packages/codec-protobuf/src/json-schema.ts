import type { AnyMessageType, Field } from './field.ts';
import { is64 } from './scalars.ts';

/** As much of JSON Schema as core needs to describe an endpoint in the registry. */
interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** What go-micro shows of a message: its name and two levels of fields below it (go-micro v4: server/extractor.go). */
export function jsonSchemaOf(type: AnyMessageType, levels = 2): JsonSchema {
  const title = type.typeName.slice(type.typeName.lastIndexOf('.') + 1);
  if (levels === 0) return { type: 'object', title };
  // Go's names of fields are those of the .proto file
  const properties = type
    .fields()
    .map((field): [string, JsonSchema] => [field.proto ?? field.name, fieldOf(field, levels)]);
  return { type: 'object', title, properties: Object.fromEntries(properties) };
}

function fieldOf(field: Field, levels: number): JsonSchema {
  // A map has no name in Go
  if (field.key !== undefined) return { type: 'object', title: '' };
  const one = singleOf(field, field.repeated ? 0 : levels - 1);
  return field.repeated ? { type: 'array', items: one } : one;
}

function singleOf({ type }: Field, levels: number): JsonSchema {
  if (typeof type !== 'string') {
    if (type.kind === 'message') return jsonSchemaOf(type, levels);
    return { title: type.typeName.slice(type.typeName.lastIndexOf('.') + 1) };
  }
  if (type === 'bytes') return { type: 'array', items: { title: 'uint8' } };
  if (type === 'bool') return { type: 'boolean' };
  if (type === 'string') return { type: 'string' };
  if (type === 'double') return { type: 'number' };
  if (is64(type)) return { title: type.startsWith('u') || type === 'fixed64' ? 'uint64' : 'int64' };
  if (type === 'float') return { title: 'float32' };
  return { title: type === 'uint32' || type === 'fixed32' ? 'uint32' : 'int32' };
}
