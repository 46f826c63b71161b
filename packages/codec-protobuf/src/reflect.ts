import { MicroError } from '@micro/core';
import protobuf from 'protobufjs';
import { type AnyMessageType, type EnumType, enumType, type Field, type ScalarType } from './field.ts';
import { message } from './message.ts';
import type { MessageType } from './message-type.ts';
import { decodeByTable, encodeByTable } from './table-codec.ts';

export interface ReflectOptions {
  /** What 64-bit integers are. @default 'bigint' */
  readonly int64?: 'bigint' | 'string' | undefined;
}

/** A message whose fields are known only at run time. */
export interface ReflectedMessage {
  readonly [field: string]: unknown;
}

const made = new WeakMap<protobuf.Type, Map<string, MessageType<ReflectedMessage>>>();

/**
 * A message type of protobufjs' reflection, as loaded from a .proto file at run time. Its messages look like those of
 * generated code. Slower than generated code. Throws `bad_request` for a type that is not resolved.
 */
export function reflect(
  type: protobuf.Type,
  { int64 = 'bigint' }: ReflectOptions = {},
): MessageType<ReflectedMessage> {
  return reflected(type, int64);
}

function reflected(type: protobuf.Type, int64: 'bigint' | 'string'): MessageType<ReflectedMessage> {
  const known = made.get(type) ?? new Map<string, MessageType<ReflectedMessage>>();
  made.set(type, known);
  const found = known.get(int64);
  if (found !== undefined) return found;
  const self: MessageType<ReflectedMessage> = message<ReflectedMessage, ReflectedMessage>({
    typeName: type.fullName.replace(/^\./, ''),
    fields: () => type.fieldsArray.map((field) => fieldOf(field.resolve(), int64)),
    encode: (value, writer) => encodeByTable(self, value, writer),
    decode: (reader, base) => ({ ...decodeByTable(self, reader, base) }),
  });
  known.set(int64, self);
  return self;
}

const scalars: ReadonlySet<string> = new Set(Object.keys(protobuf.types.basic));
const isScalar = (name: string): name is ScalarType => scalars.has(name);

function fieldOf(field: protobuf.Field, int64: 'bigint' | 'string'): Field {
  const { name, id, type, resolvedType, partOf, protoName = name, jsonName = name } = field;
  const inOneof = partOf !== null && !partOf.isProto3Optional;
  return {
    number: id,
    // As generated code does: every object has these, so their absence could not be seen
    name: propertyName(name),
    type: typeOf(type, resolvedType, int64),
    proto: protoName,
    json: jsonName,
    repeated: field.repeated,
    key: field instanceof protobuf.MapField && isScalar(field.keyType) ? field.keyType : undefined,
    optional: field.hasPresence && !inOneof,
    oneof: inOneof ? propertyName(partOf.name) : undefined,
    unpacked: field.repeated && !field.packed,
    text64: int64 === 'string',
  };
}

function propertyName(name: string): string {
  return name in Object.prototype ? `${name}_` : name;
}

function typeOf(
  name: string,
  resolved: protobuf.ReflectionObject | null,
  int64: 'bigint' | 'string',
): ScalarType | EnumType | AnyMessageType {
  if (isScalar(name)) return name;
  if (resolved instanceof protobuf.Type) return reflected(resolved, int64);
  if (resolved instanceof protobuf.Enum) return enumOf(resolved);
  throw new MicroError('bad_request', `type ${name} is not resolved: call resolveAll() on its root`);
}

const enums = new WeakMap<protobuf.Enum, EnumType>();

function enumOf(type: protobuf.Enum): EnumType {
  const known = enums.get(type) ?? enumType(type.fullName.replace(/^\./, ''), type.values);
  enums.set(type, known);
  return known;
}
