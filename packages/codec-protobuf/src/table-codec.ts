import { oneofsOf, own } from './complete.ts';
import { type AnyMessageType, enumName, enumNumber, type Field, type ScalarType } from './field.ts';
import type { Reader } from './reader.ts';
import { defaultOf, is64, isDefault } from './scalars.ts';
import { bigintOf, keyOf } from './text-values.ts';
import { keepUnknown, unknownFields } from './unknown-fields.ts';
import type { Writer } from './writer.ts';

// Wire types (https://protobuf.dev/programming-guides/encoding/#structure)
const bytesType = 2;

/** Writes a message by its table of fields: what generated code does field by field, for types that have none. */
export function encodeByTable(type: AnyMessageType, message: object, writer: Writer): void {
  const chosen = new Map<unknown, unknown>();
  for (const oneof of oneofsOf(type)) {
    const { case: name, value } = Object(own(message, oneof));
    chosen.set(name, value);
  }
  for (const field of type.fields()) {
    const value: unknown = field.oneof === undefined ? own(message, field.name) : chosen.get(field.name);
    if (value === undefined) continue;
    if (field.key !== undefined) writeMap(field, Object(value), writer);
    else if (field.repeated) writeList(field, value, writer);
    else if (field.oneof !== undefined || field.optional || !isZero(field, value))
      writeField(field, value, writer);
  }
  const kept: unknown = Reflect.get(message, unknownFields);
  if (Array.isArray(kept)) writer.unknown(kept);
}

function isZero({ type }: Field, value: unknown): boolean {
  if (typeof type === 'string') return isDefault(value);
  return (
    type.kind === 'enum' &&
    (typeof value === 'string' || typeof value === 'number') &&
    enumNumber(type, value) === 0
  );
}

/** Doubles and 64 bits fixed are wire type 1, 32 bits 5, texts, bytes and messages 2, all else 0. */
function wireType({ type }: Field): number {
  if (typeof type !== 'string') return type.kind === 'enum' ? 0 : bytesType;
  if (type === 'string' || type === 'bytes') return bytesType;
  if (type === 'double' || type === 'fixed64' || type === 'sfixed64') return 1;
  return type === 'float' || type === 'fixed32' || type === 'sfixed32' ? 5 : 0;
}

function tagOf(field: Field): number {
  return ((field.number << 3) | wireType(field)) >>> 0;
}

function writeField(field: Field, value: unknown, writer: Writer): void {
  const { type } = field;
  if (typeof type === 'string' || type.kind === 'enum') {
    writer.tag(tagOf(field));
    writeValue(field, value, writer);
    return;
  }
  const message = value as object; // looked at by `message`
  writer.message(tagOf(field), message);
  type.encode(message, writer);
  writer.end();
}

function writeList(field: Field, value: unknown, writer: Writer): void {
  if (!Array.isArray(value)) throw new TypeError('it is no list');
  if (field.unpacked || wireType(field) === bytesType) {
    for (const one of value) writeField(field, one, writer);
  } else if (value.length > 0) {
    writer.packed(((field.number << 3) | bytesType) >>> 0);
    for (const one of value) writeValue(field, one, writer);
    writer.end();
  }
}

function writeMap(field: Field, map: object, writer: Writer): void {
  const key: Field = { number: 1, name: 'key', type: field.key ?? 'string' };
  const value: Field = { number: 2, name: 'value', type: field.type, text64: field.text64 };
  for (const [name, one] of Object.entries(map)) {
    writer.entry(tagOf({ ...field, type: 'bytes' }));
    writeField(key, keyOf(field.key ?? 'string', name), writer);
    writeField(value, one, writer);
    writer.end();
  }
}

function writeValue({ type, text64 }: Field, value: unknown, writer: Writer): void {
  if (typeof type !== 'string') {
    if (type.kind === 'enum' && (typeof value === 'string' || typeof value === 'number'))
      writer.int32(enumNumber(type, value));
    else throw new TypeError(`it is no ${type.typeName}`);
    return;
  }
  // The writer looks at every value
  const known = text64 && is64(type) && typeof value === 'string' ? bigintOf(value) : value;
  const write = writes[type] as (writer: Writer, value: unknown) => unknown;
  write(writer, known);
}

const writes = {
  double: (w: Writer, v: number) => w.double(v),
  float: (w: Writer, v: number) => w.float(v),
  int32: (w: Writer, v: number) => w.int32(v),
  int64: (w: Writer, v: bigint) => w.bigInt64(v),
  uint32: (w: Writer, v: number) => w.uint32(v),
  uint64: (w: Writer, v: bigint) => w.bigUint64(v),
  sint32: (w: Writer, v: number) => w.sint32(v),
  sint64: (w: Writer, v: bigint) => w.bigSint64(v),
  fixed32: (w: Writer, v: number) => w.fixed32(v),
  fixed64: (w: Writer, v: bigint) => w.bigFixed64(v),
  sfixed32: (w: Writer, v: number) => w.sfixed32(v),
  sfixed64: (w: Writer, v: bigint) => w.bigSfixed64(v),
  bool: (w: Writer, v: boolean) => w.bool(v),
  string: (w: Writer, v: string) => w.string(v),
  bytes: (w: Writer, v: Uint8Array) => w.bytes(v),
} as const;

const reads: Readonly<Record<ScalarType, (reader: Reader) => unknown>> = {
  double: (r) => r.double(),
  float: (r) => r.float(),
  int32: (r) => r.int32(),
  int64: (r) => r.bigInt64(),
  uint32: (r) => r.uint32(),
  uint64: (r) => r.bigUint64(),
  sint32: (r) => r.sint32(),
  sint64: (r) => r.bigSint64(),
  fixed32: (r) => r.fixed32(),
  fixed64: (r) => r.bigFixed64(),
  sfixed32: (r) => r.sfixed32(),
  sfixed64: (r) => r.bigSfixed64(),
  bool: (r) => r.bool(),
  string: (r) => r.stringVerify(),
  bytes: (r) => r.bytes(),
};

/** Reads a message by its table of fields, until `reader.len`. */
export function decodeByTable(type: AnyMessageType, reader: Reader, base?: object): object {
  const message: Record<string, unknown> = { ...(base ?? type.create()) };
  const byNumber = new Map(type.fields().map((field) => [field.number, field]));
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    const field = byNumber.get(tag >>> 3);
    if (field === undefined || !readField(message, field, tag & 7, reader))
      keepUnknown(message, reader.skipField(tag));
  }
  return message;
}

/** False for a wire type that the field never has: it is as if unknown. */
function readField(message: Record<string, unknown>, field: Field, wire: number, reader: Reader): boolean {
  const { name, type, key, repeated, oneof } = field;
  const own = wireType(field);
  if (key !== undefined) {
    if (wire !== bytesType) return false;
    readEntry(message, field, key, reader);
  } else if (repeated) {
    const list = [...(Array.isArray(message[name]) ? message[name] : [])];
    if (wire === bytesType && own !== bytesType) {
      const outer = reader.enter();
      while (reader.pos < reader.len) list.push(readValue(field, reader, undefined));
      reader.leave(outer);
    } else if (wire === own) list.push(readValue(field, reader, undefined));
    else return false;
    message[name] = list;
  } else if (wire !== own) return false;
  else if (oneof === undefined) {
    message[name] = readValue(field, reader, typeof type === 'string' ? undefined : message[name]);
  } else {
    const { case: before, value } = Object(message[oneof]);
    message[oneof] = { case: name, value: readValue(field, reader, before === name ? value : undefined) };
  }
  return true;
}

function readEntry(
  message: Record<string, unknown>,
  field: Field,
  keyType: ScalarType,
  reader: Reader,
): void {
  const { name, type, text64 } = field;
  let key: unknown = keyType === 'string' ? '' : defaultOf(keyType, false);
  let value: unknown;
  const outer = reader.enter();
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === tagOf({ number: 1, name: 'key', type: keyType })) key = reads[keyType](reader);
    else if (tag === tagOf({ number: 2, name: 'value', type })) value = readValue(field, reader, value);
    else reader.skipField(tag);
  }
  reader.leave(outer);
  if (key === '__proto__') return;
  const map: Record<string, unknown> = { ...Object(message[name]) };
  map[String(key)] = value ?? emptyOf(type, text64);
  message[name] = map;
}

function emptyOf(type: Field['type'], text64: boolean | undefined): unknown {
  if (typeof type === 'string') return defaultOf(type, text64);
  return type.kind === 'enum' ? enumName(type, 0) : type.create();
}

function readValue({ type, text64 }: Field, reader: Reader, base: unknown): unknown {
  if (typeof type === 'string') {
    const value = reads[type](reader);
    return text64 && typeof value === 'bigint' ? String(value) : value;
  }
  if (type.kind === 'enum') return enumName(type, reader.int32());
  const outer = reader.enter();
  const message = type.decode(reader, typeof base === 'object' && base !== null ? base : undefined);
  reader.leave(outer);
  return message;
}
