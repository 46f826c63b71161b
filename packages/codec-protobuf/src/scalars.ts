import type { ScalarType } from './field.ts';

const signed32: readonly [number, number] = [-(2 ** 31), 2 ** 31 - 1];
const unsigned32: readonly [number, number] = [0, 2 ** 32 - 1];
const signed64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];
const unsigned64: readonly [bigint, bigint] = [0n, 2n ** 64n - 1n];

/** Least and most of the integer types: bigints for those of 64 bits. */
export const ranges: Readonly<
  Partial<Record<ScalarType, readonly [number, number] | readonly [bigint, bigint]>>
> = {
  int32: signed32,
  sint32: signed32,
  sfixed32: signed32,
  uint32: unsigned32,
  fixed32: unsigned32,
  int64: signed64,
  sint64: signed64,
  sfixed64: signed64,
  uint64: unsigned64,
  fixed64: unsigned64,
};

const wide: ReadonlySet<ScalarType> = new Set(['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64'] as const);

export function is64(type: ScalarType): boolean {
  return wide.has(type);
}

/** The value of a field that was not sent. */
export function defaultOf(type: ScalarType, text64: boolean | undefined): unknown {
  if (type === 'string') return '';
  if (type === 'bool') return false;
  if (type === 'bytes') return new Uint8Array(0);
  if (!is64(type)) return 0;
  return text64 ? '0' : 0n;
}

/** Whether a field with this value and without presence is left out. Minus zero is not zero (proto3: only the default). */
export function isDefault(value: unknown): boolean {
  return (
    value === '' ||
    value === false ||
    value === 0n ||
    value === '0' ||
    Object.is(value, 0) ||
    (value instanceof Uint8Array && value.byteLength === 0)
  );
}

/** The value, if it is one of the type. Throws a `TypeError` else. */
export function checkScalar(type: ScalarType, value: unknown, text64: boolean | undefined): unknown {
  if (!fits(type, value, text64)) throw new TypeError(`${describe(value)} is no ${type}`);
  return value;
}

function fits(type: ScalarType, value: unknown, text64: boolean | undefined): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'bytes':
      return value instanceof Uint8Array;
    case 'double':
    case 'float':
      return typeof value === 'number';
    default: {
      const [least, most] = ranges[type] ?? [0, 0];
      if (!is64(type))
        return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
      if (text64) return typeof value === 'string' && isDigits(value, least, most);
      return typeof value === 'bigint' && value >= least && value <= most;
    }
  }
}

function isDigits(value: string, least: number | bigint, most: number | bigint): boolean {
  if (!/^-?\d{1,20}$/.test(value)) return false;
  const number = BigInt(value);
  return number >= least && number <= most;
}

/** A value for people; objects by their kind, long texts cut. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return `a ${Object.prototype.toString.call(value).slice(8, -1)}`;
  return typeof value === 'function' ? 'a function' : String(value);
}
