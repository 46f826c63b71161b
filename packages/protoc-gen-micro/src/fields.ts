import type { DescriptorProto, FieldDescriptorProto } from './gen/compiler.micro.ts';
import { jsonName, propertyName } from './names.ts';
import { quote } from './output.ts';
import type { References } from './references.ts';
import { type Scalar, scalarOf, wireTypeOf } from './schema.ts';

/** A field as the printers need it. */
export interface PrintedField {
  readonly field: FieldDescriptorProto;
  readonly index: number;
  readonly property: string;
  /** The property of its oneof. */
  readonly oneof: string | undefined;
  readonly repeated: boolean;
  readonly packed: boolean;
  /** Whether absence is told apart from the default. */
  readonly optional: boolean;
  /** Key and value of a map. */
  readonly entry: { readonly key: FieldDescriptorProto; readonly value: FieldDescriptorProto } | undefined;
}

export function fieldsOf(message: DescriptorProto, references: References): readonly PrintedField[] {
  const proto3 = references.file.syntax === 'proto3';
  const properties = message.field.map(({ name = '' }) => propertyName(name));
  const oneofs = message.oneofDecl.map(({ name = '' }) => {
    let property = propertyName(name);
    while (properties.includes(property)) property += '_';
    return property;
  });
  return message.field.map((field, index) => {
    const repeated = field.label === 'LABEL_REPEATED';
    const [key, value] = field.type === 'TYPE_MESSAGE' ? entryOf(field, references) : [];
    const oneof =
      field.oneofIndex === undefined || field.proto3Optional ? undefined : oneofs[field.oneofIndex];
    return {
      field,
      index,
      property: properties[index] ?? '',
      oneof,
      repeated,
      packed: repeated && wireTypeOf(field) !== 2 && (field.options?.packed ?? proto3),
      optional:
        !repeated &&
        oneof === undefined &&
        (field.type === 'TYPE_MESSAGE' || !proto3 || field.proto3Optional === true),
      entry: key === undefined || value === undefined ? undefined : { key, value },
    };
  });
}

function entryOf(field: FieldDescriptorProto, references: References): readonly FieldDescriptorProto[] {
  const { message } = references.find(field.typeName);
  return message?.options?.mapEntry ? message.field : [];
}

export function is64(scalar: Scalar | undefined): boolean {
  return scalar?.endsWith('64') ?? false;
}

/** The type of a single value. */
export function valueType(field: FieldDescriptorProto, references: References, as: 'type' | 'init'): string {
  const scalar = scalarOf(field);
  if (scalar === undefined) return references.name(field.typeName, as);
  if (scalar === 'string') return 'string';
  if (scalar === 'bool') return 'boolean';
  if (scalar === 'bytes') return 'Uint8Array';
  return is64(scalar) ? (references.options.int64 ?? 'bigint') : 'number';
}

/** The type of a field's property, without presence. */
export function propertyType(
  { field, repeated, entry }: PrintedField,
  references: References,
  as: 'type' | 'init',
): string {
  if (entry !== undefined) return `Readonly<Record<string, ${valueType(entry.value, references, as)}>>`;
  const type = valueType(field, references, as);
  return repeated ? `readonly ${type}[]` : type;
}

/** The value of a field that was not sent. */
export function zeroOf(field: FieldDescriptorProto, references: References): string {
  const scalar = scalarOf(field);
  if (scalar === undefined) return quote(references.find(field.typeName).values[0] ?? '');
  if (scalar === 'string') return "''";
  if (scalar === 'bool') return 'false';
  if (scalar === 'bytes') return 'new Uint8Array(0)';
  if (!is64(scalar)) return '0';
  return references.options.int64 === 'string' ? "'0'" : '0n';
}

/** A line of the table of fields. */
export function tableLine(printed: PrintedField, references: References): string {
  const { field, property, oneof, repeated, packed, optional, entry } = printed;
  const { name = '', number = 0 } = field;
  const json = field.jsonName ?? jsonName(name);
  const value = entry?.value ?? field;
  const scalar = scalarOf(value);
  const parts = [
    `number: ${number}`,
    `name: ${quote(property)}`,
    `type: ${scalar === undefined ? references.name(value.typeName, 'value') : quote(scalar)}`,
    ...(json === property ? [] : [`json: ${quote(json)}`]),
    ...(name === property ? [] : [`proto: ${quote(name)}`]),
    ...(repeated && entry === undefined ? ['repeated: true'] : []),
    ...(entry === undefined ? [] : [`key: ${quote(scalarOf(entry.key) ?? '')}`]),
    ...(optional ? ['optional: true'] : []),
    ...(oneof === undefined ? [] : [`oneof: ${quote(oneof)}`]),
    ...(repeated && entry === undefined && !packed && wireTypeOf(field) !== 2 ? ['unpacked: true'] : []),
    ...(is64(scalar) && references.options.int64 === 'string' ? ['text64: true'] : []),
  ];
  return `{ ${parts.join(', ')} },`;
}
