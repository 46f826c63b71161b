import type { ScalarType } from './field.ts';
import { describe, is64 } from './scalars.ts';

// Keys of maps are texts in objects, and so are 64-bit integers where that was chosen. `BigInt` and `Number` take more
// than digits: nothing at all, blanks, hexadecimal.
const digits = /^-?\d{1,20}$/;

/** The integer of a text. Throws a `TypeError` for any other text or value. */
export function bigintOf(text: string): bigint {
  if (typeof text !== 'string' || !digits.test(text)) throw new TypeError(`${describe(text)} is no integer`);
  return BigInt(text);
}

/** The same for what fits into a number. */
export function integerOf(text: string): number {
  return Number(bigintOf(text));
}

/** The key of a map that is a bool. Throws a `TypeError` for what is neither `true` nor `false`. */
export function booleanOf(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new TypeError(`${describe(text)} is no bool`);
  return text === 'true';
}

/** The key of a map, as the wire has it. Throws a `TypeError` for a text that is none of the type. */
export function keyOf(type: ScalarType, text: string): string | number | bigint | boolean {
  if (type === 'string') return text;
  if (type === 'bool') return booleanOf(text);
  return is64(type) ? bigintOf(text) : integerOf(text);
}
