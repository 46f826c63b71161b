import type {
  EnumDescriptorProtoInit,
  EnumValueDescriptorProtoInit,
  RangeInit,
} from './gen/compiler.micro.ts';
import { flag, type Option, readBracketOptions, readOption } from './option-values.ts';
import type { Parsing } from './parsing.ts';
import { ProtoError } from './proto-error.ts';
import { readReserved } from './reserved.ts';
import type { Token } from './tokens.ts';

/** The most that an enum's number can be. */
const most = 2 ** 31 - 1;

export function parseEnum(parsing: Parsing, path: readonly number[], start: Token): EnumDescriptorProtoInit {
  const { tokens } = parsing;
  const name = tokens.name('the name of an enum').text;
  tokens.expect('{');
  parsing.declare(path, start);
  const value: EnumValueDescriptorProtoInit[] = [];
  const options: Option[] = [];
  const reservedRange: RangeInit[] = [];
  const reservedName: string[] = [];
  while (!tokens.accept('}')) {
    const first = tokens.next;
    if (tokens.accept(';')) continue;
    if (tokens.accept('option')) {
      options.push(readOption(tokens));
      tokens.expect(';');
    } else if (tokens.accept('reserved')) {
      readReserved(tokens, reservedRange, reservedName, most, 0);
    } else value.push(parseValue(parsing, [...path, 2, value.length], first));
  }
  if (value.length === 0) throw new ProtoError(tokens.place(start), `enum ${name} has no value`);
  if (parsing.syntax === 'proto3' && value[0]?.number !== 0)
    throw new ProtoError(tokens.place(start), `the first value of enum ${name} must be 0`);
  const [allowAlias, deprecated] = [flag(options, 'allow_alias'), flag(options, 'deprecated')];
  return {
    name,
    value,
    ...(allowAlias === undefined && deprecated === undefined ? {} : { options: { allowAlias, deprecated } }),
    reservedRange,
    reservedName,
  };
}

function parseValue(parsing: Parsing, path: readonly number[], first: Token): EnumValueDescriptorProtoInit {
  const { tokens } = parsing;
  const name = tokens.name('the name of a value, or "}"').text;
  tokens.expect('=');
  const place = tokens.place();
  const number = tokens.integer('a number');
  if (number > most || number < -most - 1) throw new ProtoError(place, `${number} is no int32`);
  const deprecated = flag(readBracketOptions(tokens), 'deprecated');
  tokens.expect(';');
  parsing.declare(path, first);
  return { name, number, ...(deprecated === undefined ? {} : { options: { deprecated } }) };
}
