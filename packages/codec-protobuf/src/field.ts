import type { MessageType } from './message-type.ts';

/** The scalar types of https://protobuf.dev/programming-guides/proto3/#scalar. */
export type ScalarType =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes';

/** A field of a message, for what is not done by generated code: JSON, checks, reflection. */
export interface Field {
  readonly number: number;
  /** As a property in TypeScript. */
  readonly name: string;
  readonly type: ScalarType | EnumType | AnyMessageType;
  /** In JSON, where that is not `name`. */
  readonly json?: string | undefined;
  /** In the .proto file, where that is not `name`. */
  readonly proto?: string | undefined;
  readonly repeated?: boolean | undefined;
  /** Of a map: the type of its keys; `type` is that of its values. */
  readonly key?: ScalarType | undefined;
  /** Whether absence is told apart from the default. Messages always do. */
  readonly optional?: boolean | undefined;
  /** The property that holds the oneof it belongs to. */
  readonly oneof?: string | undefined;
  /** Repeated numbers are written one by one. */
  readonly unpacked?: boolean | undefined;
  /** 64-bit integers are strings of decimal digits, not bigints. */
  readonly text64?: boolean | undefined;
}

/** A message type whose messages are not known to the compiler. */
export type AnyMessageType = MessageType<object, object>;

/** The values of an enum by name, and the names by value. Values without a name stay numbers, both ways. */
export interface EnumType<Name extends string = string> {
  readonly kind: 'enum';
  readonly typeName: string;
  readonly numbers: Readonly<Record<string, number>>;
  /** The name of the default, which is the first value. */
  readonly first: Name;
  /** The first name of each value. */
  readonly names: ReadonlyMap<number, Name>;
}

/** An enum of generated code. The first value is the default. */
export function enumType<Name extends string>(
  typeName: string,
  values: Readonly<Record<Name, number>>,
): EnumType<Name> {
  const numbers: Record<string, number> = Object.create(null);
  const names = new Map<number, Name>();
  let first: Name | undefined;
  for (const name in values) {
    if (!Object.hasOwn(values, name)) continue; // protobufjs' enums inherit their numbers
    first ??= name;
    numbers[name] = values[name];
    if (!names.has(values[name])) names.set(values[name], name);
  }
  if (first === undefined) throw new RangeError(`enum ${typeName} has no value`);
  return Object.freeze({ kind: 'enum', typeName, numbers: Object.freeze(numbers), first, names });
}

/** The number of an enum's name; a number is one already. Throws a `RangeError` for any other name. */
export function enumNumber(type: EnumType, value: string | number): number {
  const number = typeof value === 'number' ? value : type.numbers[value];
  if (number === undefined) throw new RangeError(`${type.typeName} has no value "${value}"`);
  return number;
}

/** The name of an enum's number, or the number where it has none: it may have been added since. */
export function enumName<Name extends string>(type: EnumType<Name>, number: number): Name | number {
  return type.names.get(number) ?? number;
}
