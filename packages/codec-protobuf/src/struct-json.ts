import { own } from './complete.ts';
import { PathError, under } from './path-error.ts';
import { describe } from './scalars.ts';
import { mostLevels } from './writer.ts';

type Kind = 'Struct' | 'ListValue' | 'Value';

/** google.protobuf.Struct, ListValue and Value are the JSON that they hold. */
export function writeValue(kind: Kind, message: object): unknown {
  if (kind === 'Struct') {
    const fields = Object.entries(Object(own(message, 'fields')));
    return Object.fromEntries(
      fields.map(([key, value]) => [key, under(key, () => writeValue('Value', Object(value)))]),
    );
  }
  if (kind === 'ListValue') {
    const values: unknown = own(message, 'values') ?? [];
    return Array.isArray(values) ? values.map((value) => writeValue('Value', Object(value))) : [];
  }
  const { case: held, value } = Object(own(message, 'kind'));
  if (held === 'structValue') return writeValue('Struct', Object(value));
  if (held === 'listValue') return writeValue('ListValue', Object(value));
  if (held === 'nullValue') return null;
  if (held === undefined) throw new PathError('a google.protobuf.Value holds nothing', []);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new PathError(`${value} has no JSON`, []);
  return value;
}

export function readValue(kind: Kind, json: unknown, level: number): object {
  if (level > mostLevels) throw new PathError(`messages nest deeper than ${mostLevels} levels`, []);
  const isList = Array.isArray(json);
  if (kind === 'ListValue') {
    if (!isList) throw new PathError(`${describe(json)} is no list`, []);
    return { values: json.map((one, at) => under(String(at), () => readValue('Value', one, level + 1))) };
  }
  if (kind === 'Struct') {
    if (typeof json !== 'object' || json === null || isList)
      throw new PathError(`${describe(json)} is no object`, []);
    const fields: Record<string, object> = {};
    for (const [key, one] of Object.entries(json))
      if (key !== '__proto__') fields[key] = under(key, () => readValue('Value', one, level + 1));
    return { fields };
  }
  if (json === null) return { kind: { case: 'nullValue', value: 'NULL_VALUE' } };
  if (isList) return { kind: { case: 'listValue', value: readValue('ListValue', json, level + 1) } };
  if (typeof json === 'object')
    return { kind: { case: 'structValue', value: readValue('Struct', json, level + 1) } };
  const held = { string: 'stringValue', number: 'numberValue', boolean: 'boolValue' }[String(typeof json)];
  if (held === undefined) throw new PathError(`${describe(json)} has no JSON`, []);
  return { kind: { case: held, value: json } };
}
