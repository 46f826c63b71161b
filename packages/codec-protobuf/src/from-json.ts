import { complete, own } from './complete.ts';
import { type AnyMessageType, type EnumType, enumName, type Field, type ScalarType } from './field.ts';
import { fieldsByJsonName } from './json-names.ts';
import { at, PathError, under, within } from './path-error.ts';
import { describe, is64, ranges } from './scalars.ts';
import { wellKnown } from './well-known.ts';
import { mostLevels } from './writer.ts';

/**
 * Reads proto3 JSON, and what go-micro up to v5.13 writes of protobuf messages with Go's plain JSON: names in either
 * form, numbers or strings, enums by name or number, `null` for absent, oneofs as objects, timestamps by their parts.
 * What it does not know it leaves out. Throws `bad_request` for values that are not of their type.
 */
export function messageFromJson(type: AnyMessageType, json: unknown): object {
  return within(type.typeName, () =>
    complete(type, json === undefined ? {} : readMessage(type, json, 0), true),
  );
}

/** What was there; `complete` fills in the rest. */
export function readMessage(type: AnyMessageType, json: unknown, level: number): object {
  if (level > mostLevels) throw new PathError(`messages nest deeper than ${mostLevels} levels`, []);
  const special = wellKnown.get(type.typeName);
  const read = special?.read(json, type, level);
  if (read !== undefined) return read;
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new PathError(`${describe(json)} is no ${type.typeName}`, []);
  const { fields, oneofs } = fieldsByJsonName(type);
  const message: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) {
    const field = fields.get(key);
    if (field !== undefined) readField(message, field, value, level);
    else if (oneofs.has(key) && typeof value === 'object' && value !== null) {
      // Go's plain JSON of a oneof: {"Pick": {"FieldName": value}}
      for (const [name, inner] of Object.entries(value)) {
        const member = oneofs.get(key)?.get(name);
        if (member !== undefined) readField(message, member, inner, level);
      }
    }
  }
  return message;
}

function readField(message: Record<string, unknown>, field: Field, json: unknown, level: number): void {
  const { name, oneof } = field;
  let value: unknown;
  try {
    value = readValue(field, json, level);
  } catch (error) {
    throw at(name, error);
  }
  if (value === undefined) return;
  if (oneof === undefined) message[name] = value;
  else {
    if (own(message, oneof) !== undefined)
      throw new PathError('more than one of its fields is there', [oneof]);
    message[oneof] = { case: name, value };
  }
}

function readValue(field: Field, json: unknown, level: number): unknown {
  const { type, key, repeated } = field;
  if (json === null) return nullOf(field, level);
  if (key !== undefined) {
    if (typeof json !== 'object' || Array.isArray(json)) throw new TypeError(`${describe(json)} is no map`);
    const map: Record<string, unknown> = {};
    for (const [one, value] of Object.entries(json)) {
      if (one === '__proto__') continue;
      const known = under(one, () => readOne(field, value, level));
      if (known !== undefined) map[under(one, () => readKey(key, one))] = known;
    }
    return map;
  }
  if (!repeated) return readOne(field, json, level);
  if (!Array.isArray(json)) throw new TypeError(`${describe(json)} is no list`);
  const list: unknown[] = [];
  for (const [index, one] of json.entries()) {
    try {
      const read = readOne(field, one, level);
      if (read !== undefined || typeof type === 'string') list.push(read);
    } catch (error) {
      throw at(String(index), error);
    }
  }
  return list;
}

/** `null` is absent, but in google.protobuf.Value a value. */
function nullOf({ type, key, repeated }: Field, level: number): unknown {
  if (typeof type === 'string' || key !== undefined || repeated) return undefined;
  if (type.kind === 'enum') return type.typeName === 'google.protobuf.NullValue' ? 'NULL_VALUE' : undefined;
  return type.typeName === 'google.protobuf.Value' ? readMessage(type, null, level + 1) : undefined;
}

function readOne(field: Field, json: unknown, level: number): unknown {
  const { type, text64 } = field;
  if (typeof type === 'string') return readScalar(type, json, text64);
  if (type.kind === 'message') return readMessage(type, json, level + 1);
  return readEnum(type, json);
}

function readEnum(type: EnumType, json: unknown): unknown {
  if (json === null && type.typeName === 'google.protobuf.NullValue') return 'NULL_VALUE';
  if (typeof json === 'string') {
    const number = type.numbers[json];
    if (number !== undefined) return enumName(type, number);
    if (!/^-?\d+$/.test(json)) throw new TypeError(`${describe(json)} is no ${type.typeName}`);
  }
  return enumName(type, Number(readScalar('int32', json, false)));
}

/** Keys are strings in JSON; in the map they are so in their shortest form. */
function readKey(type: ScalarType, key: string): string {
  if (type === 'string') return key;
  if (type === 'bool') {
    if (key !== 'true' && key !== 'false') throw new TypeError(`${describe(key)} is no bool`);
    return key;
  }
  return String(readScalar(type, key, false));
}

export function readScalar(type: ScalarType, json: unknown, text64: boolean | undefined): unknown {
  switch (type) {
    case 'string':
      if (typeof json === 'string') return json;
      break;
    case 'bool':
      if (typeof json === 'boolean') return json;
      break;
    case 'bytes':
      if (typeof json === 'string') return readBytes(json);
      break;
    case 'double':
    case 'float':
      return readFloat(type, json);
    default:
      return readInteger(type, json, text64);
  }
  throw new TypeError(`${describe(json)} is no ${type}`);
}

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const specials: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);
// The largest double that rounds to a float that is finite
const mostFloat = 3.4028235677973366e38;

function readFloat(type: ScalarType, json: unknown): number {
  const special = specials.get(json);
  if (special !== undefined) return special;
  const value = typeof json === 'string' && number.test(json) ? Number(json) : json;
  if (
    typeof value !== 'number' ||
    !Number.isFinite(value) ||
    (type === 'float' && Math.abs(value) >= mostFloat)
  )
    throw new TypeError(`${describe(json)} is no ${type}`);
  return type === 'float' ? Math.fround(value) : value;
}

function readInteger(type: ScalarType, json: unknown, text64: boolean | undefined): unknown {
  const [least, most] = ranges[type] ?? [0, 0];
  const value = integerOf(json);
  if (value === undefined || value < least || value > most)
    throw new TypeError(`${describe(json)} is no ${type}`);
  if (!is64(type)) return Number(value);
  return text64 ? String(value) : value;
}

/** Of a number or its text; `1.0` and `1e3` are integers too. */
function integerOf(json: unknown): bigint | undefined {
  if (typeof json === 'number') return Number.isInteger(json) ? BigInt(json) : undefined;
  if (typeof json !== 'string' || json.length > 40) return undefined;
  if (/^-?(?:0|[1-9]\d*)$/.test(json)) return BigInt(json);
  const value = number.test(json) ? Number(json) : Number.NaN;
  return Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/** Base64 in the standard alphabet or that of URLs, padded or not. */
function readBytes(text: string): Uint8Array {
  const [, digits = ''] = /^([\w+/-]*)={0,2}$/.exec(text) ?? [];
  if (digits === '' && text !== '') throw new TypeError(`${describe(text)} is no base64`);
  if (digits.length % 4 === 1) throw new TypeError(`${describe(text)} is no base64`);
  return Uint8Array.from(Buffer.from(digits, 'base64'));
}
