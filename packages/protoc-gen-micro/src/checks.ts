import type { DescriptorProto, EnumDescriptorProto } from './gen/compiler.micro.ts';
import type { Places } from './places.ts';
import { ProtoError } from './proto-error.ts';

/** Throws for fields whose name or number is used twice or reserved. */
export function checkMessage(
  type: DescriptorProto,
  fullName: string,
  path: readonly number[],
  places: Places,
): void {
  const names = new Map<string, string>();
  const numbers = new Map<number, string>();
  for (const [index, { name = '', number = 0, jsonName = name }] of type.field.entries()) {
    const at = [...path, 2, index];
    const refuse = (reason: string): never => {
      throw new ProtoError(places.of(at), `field ${fullName}.${name}: ${reason}`);
    };
    const numbered = numbers.get(number);
    if (numbered !== undefined) refuse(`number ${number} belongs to ${numbered} already`);
    numbers.set(number, name);
    if (names.get(name) === name) refuse('is declared twice');
    const called = names.get(jsonName);
    if (called !== undefined) refuse(`is "${jsonName}" in JSON, as ${called} is`);
    names.set(name, name).set(jsonName, name);
    if (type.reservedName.includes(name)) refuse('the name is reserved');
    const reserved = type.reservedRange.find(({ start = 0, end = 0 }) => number >= start && number < end);
    if (reserved !== undefined) refuse(`number ${number} is reserved`);
  }
}

/** Throws for values whose name is used twice, whose number is (without `allow_alias`), or which are reserved. */
export function checkEnum(type: EnumDescriptorProto, path: readonly number[], places: Places): void {
  const numbers = new Map<number, string>();
  for (const [index, { name = '', number = 0 }] of type.value.entries()) {
    const refuse = (reason: string): never => {
      throw new ProtoError(places.of([...path, 2, index]), `${type.name}.${name}: ${reason}`);
    };
    const other = numbers.get(number);
    if (other !== undefined && !type.options?.allowAlias)
      refuse(`number ${number} belongs to ${other} already; allow_alias = true allows it`);
    numbers.set(number, name);
    if (type.reservedName.includes(name)) refuse('the name is reserved');
    const reserved = type.reservedRange.find(({ start = 0, end = 0 }) => number >= start && number <= end);
    if (reserved !== undefined) refuse(`number ${number} is reserved`);
  }
}
