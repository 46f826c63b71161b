import { readAny, writeAny } from './any-json.ts';
import { own } from './complete.ts';
import type { AnyMessageType, ScalarType } from './field.ts';
import { readScalar } from './from-json.ts';
import { PathError } from './path-error.ts';
import { describe } from './scalars.ts';
import { readValue, writeValue } from './struct-json.ts';
import { readDuration, readTimestamp, writeDuration, writeTimestamp } from './time-json.ts';
import { writeScalar } from './to-json.ts';

/** JSON of a type of google.protobuf that is not an object of its fields. */
export interface WellKnown {
  write(message: object, type: AnyMessageType): unknown;
  /** `undefined`: read it as an object of its fields. */
  read(json: unknown, type: AnyMessageType, level: number): object | undefined;
}

function wrapper(type: ScalarType): WellKnown {
  return {
    write: (message) => writeScalar(type, own(message, 'value') ?? readScalar(type, zeros[type] ?? 0, false)),
    read: (json, { fields }) =>
      typeof json === 'object' ? undefined : { value: readScalar(type, json, fields()[0]?.text64) },
  };
}
const zeros: Readonly<Partial<Record<ScalarType, unknown>>> = { string: '', bytes: '', bool: false };

const fieldMask: WellKnown = {
  write(message) {
    const paths: unknown = own(message, 'paths') ?? [];
    if (!Array.isArray(paths)) throw new PathError('a field mask needs paths', []);
    return paths.map((path) => toCamel(String(path))).join(',');
  },
  read(json) {
    if (typeof json !== 'string') return undefined;
    return { paths: json === '' ? [] : json.split(',').map(toSnake) };
  },
};

function toCamel(path: string): string {
  const camel = path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (toSnake(camel) !== path) throw new PathError(`${describe(path)} cannot be said in lowerCamelCase`, []);
  return camel;
}

function toSnake(path: string): string {
  if (path.includes('_')) throw new PathError(`${describe(path)} is not in lowerCamelCase`, []);
  return path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const entries: [string, WellKnown][] = [
  ['Any', { write: writeAny, read: readAny }],
  ['Timestamp', { write: writeTimestamp, read: readTimestamp }],
  ['Duration', { write: writeDuration, read: readDuration }],
  ['FieldMask', fieldMask],
  [
    'Struct',
    {
      write: (message) => writeValue('Struct', message),
      read: (json, _, level) => readValue('Struct', json, level),
    },
  ],
  [
    'ListValue',
    {
      write: (message) => writeValue('ListValue', message),
      read: (json, _, level) => readValue('ListValue', json, level),
    },
  ],
  [
    'Value',
    {
      write: (message) => writeValue('Value', message),
      read: (json, _, level) => readValue('Value', json, level),
    },
  ],
  ['DoubleValue', wrapper('double')],
  ['FloatValue', wrapper('float')],
  ['Int64Value', wrapper('int64')],
  ['UInt64Value', wrapper('uint64')],
  ['Int32Value', wrapper('int32')],
  ['UInt32Value', wrapper('uint32')],
  ['BoolValue', wrapper('bool')],
  ['StringValue', wrapper('string')],
  ['BytesValue', wrapper('bytes')],
];

/** By the name of the type. */
export const wellKnown: ReadonlyMap<string, WellKnown> = new Map(
  entries.map(([name, one]) => [`google.protobuf.${name}`, one]),
);
