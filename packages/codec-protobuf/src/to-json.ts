import type { AnyMessageType, Field, ScalarType } from './field.ts';
import { at, within } from './path-error.ts';
import { is64, isDefault } from './scalars.ts';
import { wellKnown } from './well-known.ts';

/**
 * Canonical proto3 JSON (https://protobuf.dev/programming-guides/json) of a message that was checked: names in
 * lowerCamelCase, 64-bit integers as strings, enums by name, bytes in base64, defaults left out.
 */
export function messageToJson(type: AnyMessageType, message: object): unknown {
  return within(type.typeName, () => writeMessage(type, message));
}

export function writeMessage(type: AnyMessageType, message: object): unknown {
  const special = wellKnown.get(type.typeName);
  if (special !== undefined) return special.write(message, type);
  const json: Record<string, unknown> = {};
  const fields = message as Readonly<Record<string, unknown>>;
  for (const field of type.fields()) {
    const { name, oneof, optional } = field;
    let value = fields[oneof ?? name];
    if (oneof !== undefined) {
      const chosen = Object(value);
      value = chosen.case === name ? chosen.value : undefined;
    }
    if (value === undefined) continue;
    try {
      if (field.key !== undefined || field.repeated) {
        if (Object.keys(Object(value)).length > 0) json[field.json ?? name] = writeAll(field, value);
      } else if (oneof !== undefined || optional || !isUnset(field, value)) {
        json[field.json ?? name] = writeOne(field, value);
      }
    } catch (error) {
      throw at(name, error);
    }
  }
  return json;
}

function isUnset({ type }: Field, value: unknown): boolean {
  if (typeof type === 'string') return isDefault(value);
  return type.kind === 'enum' && (value === type.first || value === 0);
}

function writeAll(field: Field, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => writeOne(field, one));
  return Object.fromEntries(Object.entries(Object(value)).map(([key, one]) => [key, writeOne(field, one)]));
}

function writeOne({ type }: Field, value: unknown): unknown {
  if (typeof type === 'string') return writeScalar(type, value);
  if (type.kind === 'message') return writeMessage(type, Object(value));
  return type.typeName === 'google.protobuf.NullValue' ? null : value;
}

export function writeScalar(type: ScalarType, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  // JSON.stringify would write 0; numbers may be texts
  if (Object.is(value, -0) && (type === 'double' || type === 'float')) return '-0';
  if (is64(type) && (typeof value === 'bigint' || typeof value === 'string')) return String(BigInt(value));
  if (type === 'float' && typeof value === 'number') return shortest(value);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  return value;
}

// Some parsers take nothing above it, although it would be rounded down to it
const mostFloat = 3.4028234663852886e38;

/** The shortest number that is the same float: 0.1, not 0.10000000149011612. */
function shortest(value: number): number {
  const float = Math.fround(value);
  for (let digits = 6; digits < 10; digits++) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === float && Math.abs(short) <= mostFloat) return short;
  }
  return float;
}
