import type {
  DescriptorProtoInit,
  EnumDescriptorProtoInit,
  FieldDescriptorProtoInit,
  OneofDescriptorProtoInit,
  RangeInit,
} from './gen/compiler.micro.ts';
import { jsonName } from './names.ts';
import { flag, type Option, readBracketOptions, readOption, textOption } from './option-values.ts';
import { parseEnum } from './parse-enum.ts';
import type { Parsing } from './parsing.ts';
import { ProtoError } from './proto-error.ts';
import { readReserved } from './reserved.ts';
import { scalarTypes } from './schema.ts';
import type { Token } from './tokens.ts';

/** The most that a field's number can be (https://protobuf.dev/programming-guides/proto3/#assigning). */
const most = 2 ** 29 - 1;
const deepest = 100;

interface Body {
  readonly field: FieldDescriptorProtoInit[];
  readonly nestedType: DescriptorProtoInit[];
  readonly enumType: EnumDescriptorProtoInit[];
  readonly oneofDecl: OneofDescriptorProtoInit[];
  readonly extensionRange: RangeInit[];
  readonly reservedRange: RangeInit[];
  readonly reservedName: string[];
}

export function parseMessage(parsing: Parsing, path: readonly number[], start: Token): DescriptorProtoInit {
  const { tokens } = parsing;
  const name = tokens.name('the name of a message').text;
  // Every level adds two numbers to the path
  if (path.length > 2 * deepest)
    throw new ProtoError(tokens.place(start), `messages nest deeper than ${deepest} levels`);
  tokens.expect('{');
  parsing.declare(path, start);
  const body: Body = {
    field: [],
    nestedType: [],
    enumType: [],
    oneofDecl: [],
    extensionRange: [],
    reservedRange: [],
    reservedName: [],
  };
  const options: Option[] = [];
  while (!tokens.accept('}')) {
    const first = tokens.next;
    if (tokens.accept(';')) continue;
    if (isField(parsing)) parseField(parsing, path, body, first);
    else if (tokens.accept('message'))
      body.nestedType.push(parseMessage(parsing, [...path, 3, body.nestedType.length], first));
    else if (tokens.accept('enum'))
      body.enumType.push(parseEnum(parsing, [...path, 4, body.enumType.length], first));
    else if (tokens.accept('oneof')) parseOneof(parsing, path, body, first);
    else if (tokens.accept('map')) parseMap(parsing, path, body, first);
    else if (tokens.accept('option')) {
      options.push(readOption(tokens));
      tokens.expect(';');
    } else if (tokens.accept('reserved'))
      readReserved(tokens, body.reservedRange, body.reservedName, most, 1);
    else if (tokens.accept('extensions')) readExtensions(parsing, body);
    else if (tokens.accept('extend')) parseExtend(parsing);
    else parseField(parsing, path, body, first);
  }
  for (const synthetic of body.field.filter(({ proto3Optional }) => proto3Optional)) {
    // protoc puts the oneofs of optional fields behind the others
    const index = body.field.indexOf(synthetic);
    body.field[index] = { ...synthetic, oneofIndex: body.oneofDecl.length };
    body.oneofDecl.push({ name: syntheticName(synthetic.name ?? '', body) });
  }
  const deprecated = flag(options, 'deprecated');
  return { name, ...body, ...(deprecated === undefined ? {} : { options: { deprecated } }) };
}

function syntheticName(field: string, { oneofDecl, field: fields }: Body): string {
  let name = field.startsWith('_') ? field : `_${field}`;
  while (oneofDecl.some((one) => one.name === name) || fields.some((one) => one.name === name))
    name = `X${name}`;
  return name;
}

const keywords: ReadonlySet<string> = new Set([
  'message',
  'enum',
  'oneof',
  'map',
  'option',
  'reserved',
  'extensions',
  'extend',
]);

/** A field's type may have the name of a keyword: `message` is one only before a name and a brace. */
function isField({ tokens }: Parsing): boolean {
  return tokens.next.kind === 'identifier' && !keywords.has(tokens.next.text);
}

function readExtensions(parsing: Parsing, body: Body): void {
  const { tokens } = parsing;
  const place = tokens.place(tokens.last);
  if (parsing.syntax === 'proto3') throw new ProtoError(place, 'proto3 has no extension ranges');
  readReserved(tokens, body.extensionRange, [], most, 1);
}

/** Extensions are read and left out: their fields are unknown fields here. */
export function parseExtend(parsing: Parsing): void {
  const { tokens } = parsing;
  tokens.path('a message', true);
  tokens.expect('{');
  const body: Body = {
    field: [],
    nestedType: [],
    enumType: [],
    oneofDecl: [],
    extensionRange: [],
    reservedRange: [],
    reservedName: [],
  };
  const marks = parsing.locations.length;
  while (!tokens.accept('}')) if (!tokens.accept(';')) parseField(parsing, [], body, tokens.next);
  parsing.locations.length = marks;
}

function parseOneof(parsing: Parsing, path: readonly number[], body: Body, start: Token): void {
  const { tokens } = parsing;
  const name = tokens.name('the name of a oneof').text;
  tokens.expect('{');
  const index = body.oneofDecl.length;
  parsing.declare([...path, 8, index], start);
  body.oneofDecl.push({ name });
  const before = body.field.length;
  while (!tokens.accept('}')) {
    const first = tokens.next;
    if (tokens.accept(';')) continue;
    if (tokens.accept('option')) {
      readOption(tokens);
      tokens.expect(';');
      continue;
    }
    if (['repeated', 'optional', 'required', 'map'].includes(first.text))
      throw new ProtoError(tokens.place(first), `a field of a oneof cannot be ${first.text}`);
    parseField(parsing, path, body, first, index);
  }
  if (body.field.length === before) throw new ProtoError(tokens.place(start), `oneof ${name} has no field`);
}

function parseMap(parsing: Parsing, path: readonly number[], body: Body, start: Token): void {
  const { tokens } = parsing;
  tokens.expect('<');
  const keyPlace = tokens.place();
  const key = tokens.name('the type of the keys').text;
  const keyType = scalarTypes.get(key);
  if (keyType === undefined || ['double', 'float', 'bytes'].includes(key))
    throw new ProtoError(keyPlace, `the keys of a map cannot be ${key}`);
  tokens.expect(',');
  const valueToken = tokens.next;
  const value = tokens.path('the type of the values', true);
  tokens.expect('>');
  const nameToken = tokens.name('the name of a field');
  const name = nameToken.text;
  const entry = `${name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()).replaceAll('_', '')}Entry`;
  const valueType = scalarTypes.get(value);
  const entryPath = [...path, 3, body.nestedType.length];
  parsing.mark([...entryPath, 2, 1, 6], valueToken);
  body.nestedType.push({
    name: entry,
    field: [
      { name: 'key', number: 1, label: 'LABEL_OPTIONAL', type: keyType, jsonName: 'key' },
      {
        ...{ name: 'value', number: 2, label: 'LABEL_OPTIONAL', jsonName: 'value' },
        ...(valueType === undefined ? { typeName: value } : { type: valueType }),
      },
    ],
    options: { mapEntry: true },
  });
  const fieldPath = [...path, 2, body.field.length];
  parsing.mark([...fieldPath, 6], start);
  body.field.push({
    ...fieldEnd(parsing, fieldPath, start, name),
    label: 'LABEL_REPEATED',
    type: 'TYPE_MESSAGE',
    typeName: entry,
  });
}

function parseField(
  parsing: Parsing,
  path: readonly number[],
  body: Body,
  start: Token,
  oneofIndex?: number,
): void {
  const { tokens, syntax } = parsing;
  const labelled = tokens.next;
  const label = ['optional', 'repeated', 'required'].find((one) => tokens.accept(one));
  if (label === 'required' && syntax === 'proto3')
    throw new ProtoError(tokens.place(labelled), 'proto3 has no required fields');
  if (label === undefined && syntax === 'proto2' && oneofIndex === undefined && !tokens.sees('map'))
    throw tokens.unexpected('optional, repeated or required');
  const typeToken = tokens.next;
  if (tokens.sees('map') && label !== undefined)
    throw new ProtoError(tokens.place(), `a map cannot be ${label}`);
  const type = tokens.path('a type, or "}"', true);
  if (type === 'group')
    throw new ProtoError(tokens.place(typeToken), 'groups are not supported: use a message');
  const fieldPath = [...path, 2, body.field.length];
  parsing.mark([...fieldPath, 6], typeToken);
  const name = tokens.name('the name of a field').text;
  const scalar = scalarTypes.get(type);
  body.field.push({
    ...fieldEnd(parsing, fieldPath, start, name),
    label:
      label === 'repeated' ? 'LABEL_REPEATED' : label === 'required' ? 'LABEL_REQUIRED' : 'LABEL_OPTIONAL',
    ...(scalar === undefined ? { typeName: type } : { type: scalar }),
    ...(oneofIndex === undefined ? {} : { oneofIndex }),
    ...(label === 'optional' && syntax === 'proto3' ? { proto3Optional: true } : {}),
  });
}

/** From the name on: `= 1 [deprecated = true];`. */
function fieldEnd(
  parsing: Parsing,
  path: readonly number[],
  start: Token,
  name: string,
): FieldDescriptorProtoInit {
  const { tokens } = parsing;
  tokens.expect('=');
  const numberToken = tokens.next;
  const number = tokens.integer('the number of a field');
  if (number < 1 || number > most)
    throw new ProtoError(tokens.place(numberToken), `the number of a field is 1 to ${most}, not ${number}`);
  if (number >= 19_000 && number <= 19_999)
    throw new ProtoError(tokens.place(numberToken), `numbers 19000 to 19999 belong to protobuf itself`);
  parsing.mark([...path, 3], numberToken);
  const options = readBracketOptions(tokens);
  const byDefault = options.find((one) => one.name === 'default');
  if (byDefault !== undefined && parsing.syntax === 'proto3')
    throw new ProtoError(byDefault.place, "proto3 has no defaults of one's own");
  if (!tokens.sees(';')) throw tokens.unexpected('";"');
  tokens.take();
  parsing.declare(path, start);
  const [packed, deprecated] = [flag(options, 'packed'), flag(options, 'deprecated')];
  return {
    name,
    number,
    jsonName: textOption(options, 'json_name') ?? jsonName(name),
    ...(byDefault === undefined ? {} : { defaultValue: defaultText(byDefault) }),
    ...(packed === undefined && deprecated === undefined ? {} : { options: { packed, deprecated } }),
  };
}

function defaultText({ value }: Option): string {
  if (typeof value === 'object') return 'identifier' in value ? value.identifier : '';
  // As descriptor.proto has it
  return String(value).replace('Infinity', 'inf').replace('NaN', 'nan');
}
