import { is64, type PrintedField, zeroOf } from './fields.ts';
import type { FieldDescriptorProto } from './gen/compiler.micro.ts';
import { quote } from './output.ts';
import type { References } from './references.ts';
import { scalarOf, wireTypeOf } from './schema.ts';

/** The body of `encode(m, w)`. */
export function printEncode(fields: readonly PrintedField[], references: References): void {
  const { output } = references;
  const oneofs = new Set<string>();
  for (const printed of fields) {
    const { field, property, oneof, repeated, packed, optional, entry } = printed;
    const value = `m.${property}`;
    if (oneof !== undefined) {
      if (!oneofs.has(oneof)) printOneof(oneof, fields, references);
      oneofs.add(oneof);
    } else if (entry !== undefined) {
      output.block(`if (${value} !== undefined) {`, '}', () => {
        output.block(`for (const [key, value] of Object.entries(${value})) {`, '}', () => {
          output.line(`w.entry(${tag(field, 2)});`);
          output.line(`${write(entry.key, keyFrom(entry.key, references), references)};`);
          printValue(entry.value, 'value', references);
          output.line('w.end();');
        });
      });
    } else if (packed) {
      output.block(`if (${value} !== undefined && ${value}.length > 0) {`, '}', () => {
        const scalar = scalarOf(field);
        if (scalar !== undefined && !is64(scalar)) {
          output.line(`w.tag(${tag(field, 2)}).${scalar}s(${value});`);
          return;
        }
        output.line(`w.packed(${tag(field, 2)});`);
        output.line(`for (const one of ${value}) ${call(field, 'w', 'one', references)};`);
        output.line('w.end();');
      });
    } else if (repeated) {
      output.block(`if (${value} !== undefined) {`, '}', () => {
        if (field.type === 'TYPE_MESSAGE')
          output.block(`for (const one of ${value}) {`, '}', () => printValue(field, 'one', references));
        else output.line(`for (const one of ${value}) ${write(field, 'one', references)};`);
      });
    } else if (field.type === 'TYPE_MESSAGE') {
      output.block(`if (${value} !== undefined) {`, '}', () => printValue(field, value, references));
    } else {
      const condition = optional ? `${value} !== undefined` : isSet(field, value, references);
      output.line(`if (${condition}) ${write(field, value, references)};`);
    }
  }
  references.runtime('unknownFields');
  output.line('w.unknown(m[unknownFields]);');
}

function printOneof(oneof: string, fields: readonly PrintedField[], references: References): void {
  const { output } = references;
  output.block(`if (m.${oneof} !== undefined) {`, '}', () => {
    output.line(`const one = m.${oneof};`);
    output.block('switch (one.case) {', '}', () => {
      for (const { field, property } of fields.filter((printed) => printed.oneof === oneof)) {
        output.block(`case ${quote(property)}: {`, '}', () => {
          printValue(field, 'one.value', references);
          output.line('break;');
        });
      }
      output.line('default:');
      output.line(`  throw new TypeError('${oneof} has no such case');`);
    });
  });
}

function printValue(field: FieldDescriptorProto, value: string, references: References): void {
  const { output } = references;
  if (field.type !== 'TYPE_MESSAGE') {
    output.line(`${write(field, value, references)};`);
    return;
  }
  output.line(`w.message(${tag(field, 2)}, ${value});`);
  output.line(`${references.name(field.typeName, 'value')}.encode(${value}, w);`);
  output.line('w.end();');
}

/** Whether a field without presence has another value than its default. Minus zero is another. */
function isSet(field: FieldDescriptorProto, value: string, references: References): string {
  const scalar = scalarOf(field);
  if (scalar === 'bytes') return `${value} !== undefined && ${value}.length > 0`;
  if (scalar === 'double' || scalar === 'float') return `${value} !== undefined && !Object.is(${value}, 0)`;
  const zero = zeroOf(field, references);
  const more = scalar === undefined ? ` && ${value} !== 0` : '';
  return `${value} !== undefined && ${value} !== ${zero}${more}`;
}

function tag({ number = 0 }: FieldDescriptorProto, wireType: number): number {
  return number * 8 + wireType;
}

function write(field: FieldDescriptorProto, value: string, references: References): string {
  return call(field, `w.tag(${tag(field, wireTypeOf(field))})`, value, references);
}

function call(field: FieldDescriptorProto, on: string, value: string, references: References): string {
  const scalar = scalarOf(field);
  if (scalar === undefined) {
    references.runtime('enumNumber');
    return `${on}.int32(enumNumber(${references.name(field.typeName, 'value')}, ${value}))`;
  }
  if (!is64(scalar)) return `${on}.${scalar}(${value})`;
  const big =
    references.options.int64 === 'string' && !value.startsWith('bigintOf(')
      ? `${references.runtime('bigintOf')}(${value})`
      : value;
  return `${on}.big${scalar.charAt(0).toUpperCase()}${scalar.slice(1)}(${big})`;
}

/** Keys of objects are texts; on the wire they are of the key's type. */
function keyFrom(key: FieldDescriptorProto, references: References): string {
  const scalar = scalarOf(key);
  if (scalar === 'string') return 'key';
  const read = scalar === 'bool' ? 'booleanOf' : is64(scalar) ? 'bigintOf' : 'integerOf';
  return `${references.runtime(read)}(key)`;
}
