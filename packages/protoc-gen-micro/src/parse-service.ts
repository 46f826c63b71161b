import type { MethodDescriptorProtoInit, ServiceDescriptorProtoInit } from './gen/compiler.micro.ts';
import { flag, httpRule, type Option, readOption } from './option-values.ts';
import type { Parsing } from './parsing.ts';
import { ProtoError } from './proto-error.ts';
import type { Token } from './tokens.ts';

export function parseService(
  parsing: Parsing,
  path: readonly number[],
  start: Token,
): ServiceDescriptorProtoInit {
  const { tokens } = parsing;
  const name = tokens.name('the name of a service').text;
  tokens.expect('{');
  parsing.declare(path, start);
  const method: MethodDescriptorProtoInit[] = [];
  const options: Option[] = [];
  while (!tokens.accept('}')) {
    const first = tokens.next;
    if (tokens.accept(';')) continue;
    if (tokens.accept('option')) {
      options.push(readOption(tokens));
      tokens.expect(';');
    } else if (tokens.accept('rpc')) method.push(parseMethod(parsing, [...path, 2, method.length], first));
    else throw tokens.unexpected('rpc, option or "}"');
  }
  const deprecated = flag(options, 'deprecated');
  return { name, method, ...(deprecated === undefined ? {} : { options: { deprecated } }) };
}

function parseMethod(parsing: Parsing, path: readonly number[], first: Token): MethodDescriptorProtoInit {
  const { tokens } = parsing;
  const name = tokens.name('the name of an rpc').text;
  const part = (number: number): { type: string; streaming: boolean } => {
    tokens.expect('(');
    const { next } = tokens;
    const streaming = tokens.accept('stream');
    const type = tokens.path('a message', true);
    parsing.mark([...path, number], streaming ? tokens.last : next);
    tokens.expect(')');
    return { type, streaming };
  };
  const input = part(2);
  tokens.expect('returns');
  const output = part(3);
  const options: Option[] = [];
  const hasBlock = tokens.accept('{');
  if (hasBlock) {
    parsing.declare(path, first);
    while (!tokens.accept('}')) {
      if (tokens.accept(';')) continue;
      tokens.expect('option');
      options.push(readOption(tokens));
      tokens.expect(';');
    }
    tokens.accept(';');
  } else {
    tokens.expect(';');
    parsing.declare(path, first);
  }
  return {
    name,
    inputType: input.type,
    outputType: output.type,
    ...(hasBlock ? { options: optionsOf(options) } : {}),
    ...(input.streaming ? { clientStreaming: true } : {}),
    ...(output.streaming ? { serverStreaming: true } : {}),
  };
}

/** Of a method with braces; like protoc's, they are there even if there is nothing in them. */
function optionsOf(options: readonly Option[]): NonNullable<MethodDescriptorProtoInit['options']> {
  const level = options.find(({ name }) => name === 'idempotency_level');
  const idempotencyLevel =
    level !== undefined && typeof level.value === 'object' && 'identifier' in level.value
      ? level.value.identifier
      : undefined;
  if (level !== undefined && !isLevel(idempotencyLevel))
    throw new ProtoError(
      level.place,
      'idempotency_level is IDEMPOTENCY_UNKNOWN, NO_SIDE_EFFECTS or IDEMPOTENT',
    );
  const deprecated = flag(options, 'deprecated');
  const http = httpRule(options);
  return { deprecated, ...(isLevel(idempotencyLevel) ? { idempotencyLevel } : {}), http };
}

const levels = ['IDEMPOTENCY_UNKNOWN', 'NO_SIDE_EFFECTS', 'IDEMPOTENT'] as const;

function isLevel(text: string | undefined): text is (typeof levels)[number] {
  return levels.some((level) => level === text);
}
