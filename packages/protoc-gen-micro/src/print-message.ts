import { fieldsOf, type PrintedField, propertyType, tableLine, valueType } from './fields.ts';
import type { DescriptorProto, EnumDescriptorProto } from './gen/compiler.micro.ts';
import { quote } from './output.ts';
import type { Places } from './places.ts';
import { printDecode } from './print-decode.ts';
import { printEncode } from './print-encode.ts';
import { fileConst, type References } from './references.ts';

/** A message with what is inside it: its type, the type of what is sent, and the constant with both's code. */
export function printMessage(
  message: DescriptorProto,
  fullName: string,
  path: readonly number[],
  references: References,
  places: Places,
): void {
  if (message.options?.mapEntry) return;
  const { output } = references;
  const local = references.name(`.${fullName}`, 'type');
  const init = references.name(`.${fullName}`, 'init');
  const fields = fieldsOf(message, references);
  const base = references.runtime('ProtoMessage', true);
  output.comment(commentOf(places, path, message.options?.deprecated));
  output.block(`export interface ${local} extends ${base} {`, '}', () =>
    printProperties(fields, path, 'type', references, places),
  );
  output.line();
  output.comment([`\`${local}\` as it is sent: what is left out has its default.`]);
  output.block(`export interface ${init} extends ${base} {`, '}', () =>
    printProperties(fields, path, 'init', references, places),
  );
  output.line();
  const type = references.runtime('MessageType', true);
  output.block(
    `export const ${local}: ${type}<${local}, ${init}> = ${references.runtime('message')}<${local}, ${init}>({`,
    '});',
    () => {
      output.line(`typeName: ${quote(fullName)},`);
      output.line(`file: ${fileConst(references.file)},`);
      if (fields.length === 0) output.line('fields: () => [],');
      else
        output.block('fields: () => [', '],', () => {
          for (const field of fields) output.line(tableLine(field, references));
        });
      output.block('encode(m, w) {', '},', () => printEncode(fields, references));
      output.block('decode(r, base) {', '},', () => printDecode(local, fields, references));
    },
  );
  output.line();
  for (const [index, nested] of message.enumType.entries())
    printEnum(nested, `${fullName}.${nested.name}`, [...path, 4, index], references, places);
  for (const [index, nested] of message.nestedType.entries())
    printMessage(nested, `${fullName}.${nested.name}`, [...path, 3, index], references, places);
}

function printProperties(
  fields: readonly PrintedField[],
  path: readonly number[],
  as: 'type' | 'init',
  references: References,
  places: Places,
): void {
  const { output } = references;
  const oneofs = new Set<string>();
  for (const printed of fields) {
    const { field, index, property, oneof, optional } = printed;
    if (oneof !== undefined) {
      if (oneofs.has(oneof)) continue;
      oneofs.add(oneof);
      if (as === 'type') output.comment(places.commentOf([...path, 8, field.oneofIndex ?? 0]));
      output.line(`readonly ${oneof}?:`);
      for (const one of fields.filter((other) => other.oneof === oneof)) {
        const type = valueType(one.field, references, as);
        const comment = places
          .commentOf([...path, 2, one.index])
          .join(' ')
          .replaceAll('*/', '*\\/');
        if (as === 'type' && comment !== '') output.line(`  /** ${comment} */`);
        output.line(`  | { readonly case: ${quote(one.property)}; readonly value: ${type} }`);
      }
      output.line('  | undefined;');
      continue;
    }
    if (as === 'type') output.comment(commentOf(places, [...path, 2, index], field.options?.deprecated));
    const type = propertyType(printed, references, as);
    output.line(
      optional || as === 'init'
        ? `readonly ${property}?: ${type} | undefined;`
        : `readonly ${property}: ${type};`,
    );
  }
}

/** The names of an enum as a union, and the constant with their numbers. */
export function printEnum(
  type: EnumDescriptorProto,
  fullName: string,
  path: readonly number[],
  references: References,
  places: Places,
): void {
  const { output } = references;
  const local = references.name(`.${fullName}`, 'type');
  const names = type.value.map(({ name = '' }) => name);
  output.comment(commentOf(places, path, type.options?.deprecated));
  output.line(`export type ${local} =`);
  for (const [index, name] of names.entries()) {
    const comment = places
      .commentOf([...path, 2, index])
      .join(' ')
      .replaceAll('*/', '*\\/');
    if (comment !== '') output.line(`  /** ${comment} */`);
    output.line(`  | ${quote(name)}`);
  }
  output.line('  | number;');
  output.line();
  const known = names.map(quote).join(' | ');
  const kind = references.runtime('EnumType', true);
  output.block(
    `export const ${local}: ${kind}<${known}> = ${references.runtime('enumType')}(${quote(fullName)}, {`,
    '});',
    () => {
      for (const { name = '', number = 0 } of type.value) output.line(`${name}: ${number},`);
    },
  );
  output.line();
}

/** The comment of a declaration, and whether it is deprecated. */
export function commentOf(
  places: Places,
  path: readonly number[],
  deprecated: boolean | undefined,
): readonly string[] {
  const lines = places.commentOf(path);
  if (!deprecated || lines.some((line) => line.includes('@deprecated'))) return lines;
  return [...lines, '@deprecated'];
}
