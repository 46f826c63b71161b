import type { AnyMessageType } from './field.ts';
import { enumName, enumNumber, type Field } from './field.ts';
import { at, PathError, under } from './path-error.ts';
import { checkScalar, defaultOf, describe } from './scalars.ts';
import { keyOf } from './text-values.ts';
import { unknownFields } from './unknown-fields.ts';
import { mostLevels } from './writer.ts';

/**
 * A message of its own with all fields, checked one by one: what generated code reads off the wire, from whatever an
 * application hands over. Without `fill`, only what is there.
 */
export function complete(type: AnyMessageType, value: unknown, fill: boolean, level = 0): object {
  if (level > mostLevels) throw new PathError(`messages nest deeper than ${mostLevels} levels`, []);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
    throw new PathError(`${describe(value)} is no ${type.typeName}`, []);
  const made: Record<string, unknown> = {};
  const fields = value as Readonly<Record<string, unknown>>;
  for (const field of type.fields()) {
    const { name, oneof } = field;
    if (oneof !== undefined) continue;
    const given = fields[name];
    if (given === undefined) {
      if (fill && !field.optional) fillIn(made, field);
      continue;
    }
    try {
      made[name] = whole(field, given, fill, level);
    } catch (error) {
      throw at(name, error);
    }
  }
  for (const oneof of oneofsOf(type)) {
    const given = own(value, oneof);
    if (given !== undefined) made[oneof] = under(oneof, () => chosen(type, oneof, given, fill, level));
  }
  const kept: unknown = Reflect.get(value, unknownFields);
  if (Array.isArray(kept)) Reflect.set(made, unknownFields, kept);
  return made;
}

/** What is there under a name, which none is that all objects inherit: generated names are no such. */
export function own(value: object, name: string): unknown {
  return Reflect.get(value, name);
}

/** The properties that hold oneofs, in the order of their first fields. */
export function oneofsOf(type: AnyMessageType): readonly string[] {
  const known = oneofs.get(type);
  if (known !== undefined) return known;
  const found = [...new Set(type.fields().flatMap(({ oneof }) => (oneof === undefined ? [] : [oneof])))];
  oneofs.set(type, found);
  return found;
}
const oneofs = new WeakMap<AnyMessageType, readonly string[]>();

function fillIn(made: Record<string, unknown>, { name, type, key, repeated, text64 }: Field): void {
  if (key !== undefined) made[name] = {};
  else if (repeated) made[name] = [];
  else if (typeof type === 'string') made[name] = defaultOf(type, text64);
  else if (type.kind === 'enum') made[name] = type.first;
}

function chosen(type: AnyMessageType, oneof: string, given: unknown, fill: boolean, level: number): object {
  const name: unknown = typeof given === 'object' && given !== null ? Reflect.get(given, 'case') : undefined;
  const field = type.fields().find((one) => one.oneof === oneof && one.name === name);
  if (field === undefined || typeof given !== 'object' || given === null)
    throw new PathError(`${describe(name ?? given)} is no case`, []);
  return {
    case: field.name,
    value: under(field.name, () => whole(field, Reflect.get(given, 'value'), fill, level)),
  };
}

function whole(field: Field, value: unknown, fill: boolean, level: number): unknown {
  if (field.key !== undefined) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new TypeError(`${describe(value)} is no map`);
    const { key: keyType } = field;
    const made: Record<string, unknown> = {};
    for (const [key, one] of Object.entries(value)) {
      if (key === '__proto__') continue;
      made[key] = under(key, () => {
        checkScalar(keyType, keyOf(keyType, key), false);
        return single(field, one, fill, level);
      });
    }
    return made;
  }
  if (!field.repeated) return single(field, value, fill, level);
  if (!Array.isArray(value)) throw new TypeError(`${describe(value)} is no list`);
  const list: unknown[] = [];
  for (const one of value) {
    try {
      list.push(single(field, one, fill, level));
    } catch (error) {
      throw at(String(list.length), error);
    }
  }
  return list;
}

function single({ type, text64 }: Field, value: unknown, fill: boolean, level: number): unknown {
  if (typeof type === 'string') return checkScalar(type, value, text64);
  if (type.kind === 'message') return complete(type, value, fill, level + 1);
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new TypeError(`${describe(value)} is no ${type.typeName}`);
  const number = enumNumber(type, value);
  if ((number | 0) !== number) throw new TypeError(`${number} is no int32`);
  return enumName(type, number);
}
