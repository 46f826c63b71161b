import type { HttpRuleInit } from './gen/compiler.micro.ts';
import { type Place, ProtoError } from './proto-error.ts';
import type { TokenReader } from './token-reader.ts';

/** An option as it was written: `(google.api.http) = { get: "/v1/{name}" }`. */
export interface Option {
  readonly name: string;
  readonly value: OptionValue;
  readonly place: Place;
}
type OptionValue = string | number | boolean | Aggregate | Identifier;
interface Aggregate {
  readonly fields: readonly (readonly [name: string, value: OptionValue | readonly OptionValue[]])[];
}
interface Identifier {
  readonly identifier: string;
}

/** `name = value`, after the word `option` or inside brackets. */
export function readOption(tokens: TokenReader): Option {
  const place = tokens.place();
  let name = '';
  do {
    if (tokens.accept('(')) {
      name += `(${tokens.path('the name of an option', true)})`;
      tokens.expect(')');
    } else name += tokens.path('the name of an option');
    if (tokens.accept('.')) name += '.';
  } while (name.endsWith('.') || tokens.sees('('));
  tokens.expect('=');
  return { name, value: readValue(tokens, 0), place };
}

/** Options in brackets after a field or a value. */
export function readBracketOptions(tokens: TokenReader): Option[] {
  const options: Option[] = [];
  if (!tokens.accept('[')) return options;
  do options.push(readOption(tokens));
  while (tokens.accept(','));
  tokens.expect(']');
  return options;
}

const deepest = 100;

function readValue(tokens: TokenReader, level: number): OptionValue {
  if (level > deepest) throw new ProtoError(tokens.place(), `an option nests deeper than ${deepest} levels`);
  const { next } = tokens;
  if (next.kind === 'string') return tokens.string('a value');
  if (tokens.accept('{')) return readAggregate(tokens, '}', level);
  if (tokens.accept('<')) return readAggregate(tokens, '>', level);
  const sign = tokens.accept('-') ? -1 : tokens.accept('+') ? 1 : 0;
  if (tokens.next.kind === 'identifier') {
    const { text } = tokens.take();
    if (sign !== 0) return text === 'inf' ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return text === 'true' || text === 'false' ? text === 'true' : { identifier: text };
  }
  if (tokens.next.kind === 'float') return (sign || 1) * Number(tokens.take().text);
  if (tokens.next.kind === 'integer') return (sign || 1) * tokens.integer('a value');
  throw tokens.unexpected('a value');
}

/** Text format (https://protobuf.dev/reference/protobuf/textformat-spec), until its end. */
function readAggregate(tokens: TokenReader, end: string, level: number): Aggregate {
  const fields: [string, OptionValue | readonly OptionValue[]][] = [];
  while (!tokens.accept(end)) {
    let name: string;
    if (tokens.accept('[')) {
      name = `[${tokens.path('the name of an extension')}`;
      while (tokens.accept('/')) name += `/${tokens.path('the name of a type')}`;
      name += ']';
      tokens.expect(']');
    } else name = tokens.name(`a field, or "${end}"`).text;
    const colon = tokens.accept(':');
    if (!colon && !tokens.sees('{') && !tokens.sees('<')) throw tokens.unexpected('":"');
    if (tokens.accept('[')) {
      const values: OptionValue[] = [];
      while (!tokens.accept(']')) {
        values.push(readValue(tokens, level + 1));
        if (!tokens.accept(',') && !tokens.sees(']')) throw tokens.unexpected('"," or "]"');
      }
      fields.push([name, values]);
    } else fields.push([name, readValue(tokens, level + 1)]);
    if (!tokens.accept(',')) tokens.accept(';');
  }
  return { fields };
}

export function flag(options: readonly Option[], name: string): boolean | undefined {
  const option = options.find((one) => one.name === name);
  if (option === undefined) return undefined;
  if (typeof option.value !== 'boolean')
    throw new ProtoError(option.place, `option ${name} is true or false`);
  return option.value;
}

export function textOption(options: readonly Option[], name: string): string | undefined {
  const option = options.find((one) => one.name === name);
  if (option === undefined) return undefined;
  if (typeof option.value !== 'string') throw new ProtoError(option.place, `option ${name} is a string`);
  return option.value;
}

const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** The route of `option (google.api.http)` (google/api/http.proto). */
export function httpRule(options: readonly Option[]): HttpRuleInit | undefined {
  const option = options.find(({ name }) => name === '(google.api.http)' || name === '(.google.api.http)');
  return option && ruleOf(option.value, option.place);
}

function ruleOf(value: OptionValue | readonly OptionValue[], place: Place): HttpRuleInit {
  if (typeof value !== 'object' || !('fields' in value))
    throw new ProtoError(place, 'google.api.http needs { method: "path" }');
  let rule: HttpRuleInit = {};
  const additional: HttpRuleInit[] = [];
  for (const [name, given] of value.fields) {
    const method = methods.find((one) => one === name);
    if (name === 'additional_bindings') {
      for (const one of Array.isArray(given) ? given : [given]) additional.push(ruleOf(one, place));
    } else if (name === 'custom') {
      const { kind = '', path = '' } = textsOf(given, place);
      rule = { ...rule, pattern: { case: 'custom', value: { kind, path } } };
    } else if (typeof given !== 'string') throw new ProtoError(place, `google.api.http: ${name} is a string`);
    else if (method !== undefined) rule = { ...rule, pattern: { case: method, value: given } };
    else if (name === 'body') rule = { ...rule, body: given };
    else if (name === 'response_body') rule = { ...rule, responseBody: given };
    else if (name === 'selector') rule = { ...rule, selector: given };
    else throw new ProtoError(place, `google.api.http has no field "${name}"`);
  }
  return additional.length === 0 ? rule : { ...rule, additionalBindings: additional };
}

function textsOf(value: OptionValue | readonly OptionValue[], place: Place): Record<string, string> {
  if (typeof value !== 'object' || !('fields' in value))
    throw new ProtoError(place, 'expected { kind: path: }');
  return Object.fromEntries(value.fields.map(([name, text]) => [name, String(text)]));
}
