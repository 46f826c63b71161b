import { is64, type PrintedField, valueType, zeroOf } from './fields.ts';
import type { FieldDescriptorProto } from './gen/compiler.micro.ts';
import { quote } from './output.ts';
import type { References } from './references.ts';
import { scalarOf, wireTypeOf } from './schema.ts';

/** The body of `decode(r, base)`. */
export function printDecode(local: string, fields: readonly PrintedField[], references: References): void {
  const { output } = references;
  references.runtime('Mutable', true);
  references.runtime('keepUnknown');
  const lists = fields.filter(({ repeated }) => repeated);
  for (const { field, property, entry } of lists) {
    const name = localOf(property);
    const type =
      entry === undefined
        ? `${valueType(field, references, 'type')}[]`
        : `Record<string, ${valueType(entry.value, references, 'type')}>`;
    const [empty, copy] =
      entry === undefined ? ['[]', `[...base.${property}]`] : ['{}', `{ ...base.${property} }`];
    output.line(`const ${name}: ${type} = base === undefined ? ${empty} : ${copy};`);
  }
  const fresh = fields
    .filter(({ optional, oneof }) => !optional && oneof === undefined)
    .map(({ field, property, repeated }) =>
      repeated ? `${property}: ${localOf(property)}` : `${property}: ${zeroOf(field, references)}`,
    );
  const kept = ['...base', ...lists.map(({ property }) => `${property}: ${localOf(property)}`)];
  output.line(`const m: Mutable<${local}> =`);
  output.line('  base === undefined');
  for (const line of [...objectLines('?', fresh), ...objectLines(':', kept)]) output.line(`    ${line}`);
  output.append(';');
  output.block('while (r.pos < r.len) {', '}', () => {
    output.line('const tag = r.tag();');
    output.block('switch (tag) {', '}', () => {
      for (const printed of fields) printField(printed, localOf(printed.property), references);
      output.line('default:');
      output.line('  keepUnknown(m, r.skipField(tag));');
    });
  });
  output.line('return m;');
}

/** An object on one line, or on many where it is long. */
function objectLines(before: string, parts: readonly string[]): readonly string[] {
  const short = parts.length === 0 ? `${before} {}` : `${before} { ${parts.join(', ')} }`;
  return short.length <= 80 ? [short] : [`${before} {`, ...parts.map((part) => `    ${part},`), '  }'];
}

/** The local variable of a list or map: no word of the language ends so. */
function localOf(property: string): string {
  return `${property}List`;
}

function printField(printed: PrintedField, list: string, references: References): void {
  const { output } = references;
  const { field, property, oneof, repeated, entry } = printed;
  const { number = 0 } = field;
  const wireType = wireTypeOf(field);
  const tag = number * 8 + wireType;
  const block = (of: number, inside: () => void): void => {
    output.block(`case ${of}: {`, '}', () => {
      inside();
      output.line('break;');
    });
  };
  const plain = (of: number, statement: string): void => {
    output.line(`case ${of}:`);
    output.line(`  ${statement}`);
    output.line('  break;');
  };
  if (entry !== undefined) {
    block(tag, () => printEntry(list, entry.key, entry.value, references));
    return;
  }
  if (repeated) {
    if (wireType !== 2) {
      block(number * 8 + 2, () => {
        output.line('const outer = r.enter();');
        output.line(`while (r.pos < r.len) ${list}.push(${read(field, references)});`);
        output.line('r.leave(outer);');
      });
    }
    if (field.type !== 'TYPE_MESSAGE') {
      plain(tag, `${list}.push(${read(field, references)});`);
      return;
    }
    block(tag, () => {
      output.line('const outer = r.enter();');
      output.line(`${list}.push(${references.name(field.typeName, 'value')}.decode(r));`);
      output.line('r.leave(outer);');
    });
    return;
  }
  const target = `m.${oneof ?? property}`;
  const wrap = (value: string): string =>
    oneof === undefined ? value : `{ case: ${quote(property)}, value: ${value} }`;
  if (field.type !== 'TYPE_MESSAGE') {
    plain(tag, `${target} = ${wrap(read(field, references))};`);
    return;
  }
  // What comes twice is merged (protobuf.dev/programming-guides/encoding/#last-one-wins)
  block(tag, () => {
    const before =
      oneof === undefined ? target : `${target}?.case === ${quote(property)} ? ${target}.value : undefined`;
    const type = references.name(field.typeName, 'value');
    output.line('const outer = r.enter();');
    output.line(`${target} = ${wrap(`${type}.decode(r, ${before})`)};`);
    output.line('r.leave(outer);');
  });
}

function printEntry(
  list: string,
  key: FieldDescriptorProto,
  value: FieldDescriptorProto,
  references: References,
): void {
  const { output } = references;
  const isMessage = value.type === 'TYPE_MESSAGE';
  const keyScalar = scalarOf(key);
  const keyType =
    keyScalar === 'string'
      ? 'string'
      : keyScalar === 'bool'
        ? 'boolean'
        : is64(keyScalar)
          ? 'bigint'
          : 'number';
  const keyZero = { string: "''", boolean: 'false', bigint: '0n', number: '0' }[keyType];
  const type = valueType(value, references, 'type');
  output.line(`let key: ${keyType} = ${keyZero};`);
  output.line(
    isMessage ? `let value: ${type} | undefined;` : `let value: ${type} = ${zeroOf(value, references)};`,
  );
  output.line('const outer = r.enter();');
  output.block('while (r.pos < r.len) {', '}', () => {
    output.line('const tag = r.tag();');
    output.line(
      `if (tag === ${8 + wireTypeOf(key)}) key = ${keyScalar === undefined || !is64(keyScalar) ? plainRead(keyScalar) : big(keyScalar)};`,
    );
    output.block(`else if (tag === ${16 + wireTypeOf(value)}) {`, '} else r.skipField(tag);', () => {
      if (!isMessage) {
        output.line(`value = ${read(value, references)};`);
        return;
      }
      output.line('const inner = r.enter();');
      output.line(`value = ${references.name(value.typeName, 'value')}.decode(r, value);`);
      output.line('r.leave(inner);');
    });
  });
  output.line('r.leave(outer);');
  const entry = keyType === 'string' ? 'key' : 'String(key)';
  const found = isMessage ? `value ?? ${references.name(value.typeName, 'value')}.create()` : 'value';
  const assign = `${list}[${entry}] = ${found};`;
  output.line(keyType === 'string' ? `if (key !== '__proto__') ${assign}` : assign);
}

function plainRead(scalar: string | undefined): string {
  return scalar === 'string' ? 'r.stringVerify()' : `r.${scalar}()`;
}

function big(scalar: string): string {
  return `r.big${scalar.charAt(0).toUpperCase()}${scalar.slice(1)}()`;
}

function read(field: FieldDescriptorProto, references: References): string {
  const scalar = scalarOf(field);
  if (scalar === undefined) {
    references.runtime('enumName');
    return `enumName(${references.name(field.typeName, 'value')}, r.int32())`;
  }
  if (!is64(scalar)) return plainRead(scalar);
  return references.options.int64 === 'string' ? `String(${big(scalar)})` : big(scalar);
}
