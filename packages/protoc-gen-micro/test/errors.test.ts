import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { load, ProtoError } from '../src/index.ts';

const root = mkdtempSync(join(tmpdir(), 'micro-protos-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), source);
  }
}

/** What is wrong with a file, as it is told. */
function wrong(source: string, name = 'a.proto'): string {
  put({ [name]: source });
  try {
    load([join(root, name)], [root]);
  } catch (error) {
    if (error instanceof ProtoError) return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

const proto3 = (source: string): string => `syntax = "proto3";\n${source}`;

describe('a syntax error names file, line and column', () => {
  test.each([
    [
      'a.proto:2:1: expected message, enum, service, import, option, package or extend, found "mesage"',
      'mesage A {}',
    ],
    ['a.proto:2:9: expected the name of a message, found "{"', 'message {'],
    ['a.proto:3:3: expected a type, or "}", found the end of the file', 'message A {\n  '],
    ['a.proto:3:12: expected "=", found ";"', 'message A {\n  string a ;\n}'],
    ['a.proto:3:16: expected ";", found "}"', 'message A {\n  string a = 1 }'],
    ['a.proto:3:14: expected the number of a field, found "x"', 'message A {\n  string a = x;\n}'],
    ['a.proto:3:14: the number of a field is 1 to 536870911, not 0', 'message A {\n  string a = 0;\n}'],
    ['a.proto:3:14: the number of a field is 1 to 536870911, not -1', 'message A {\n  string a = -1;\n}'],
    ['a.proto:3:14: numbers 19000 to 19999 belong to protobuf itself', 'message A {\n  string a = 19000;\n}'],
    ['a.proto:3:3: proto3 has no required fields', 'message A {\n  required string a = 1;\n}'],
    ['a.proto:3:18: proto3 has no defaults', 'message A {\n  string a = 1 [ default = "x"];\n}'],
    ['a.proto:3:7: the keys of a map cannot be double', 'message A {\n  map<double, string> a = 1;\n}'],
    ['a.proto:3:12: a map cannot be repeated', 'message A {\n  repeated map<string, string> a = 1;\n}'],
    [
      'a.proto:4:5: a field of a oneof cannot be repeated',
      'message A {\n  oneof b {\n    repeated string a = 1;\n  }\n}',
    ],
    ['a.proto:3:3: oneof b has no field', 'message A {\n  oneof b {}\n}'],
    ['a.proto:2:1: enum A has no value', 'enum A {}'],
    ['a.proto:2:1: the first value of enum A must be 0', 'enum A { B = 1; }'],
    ['a.proto:2:14: 9999999999 is no int32', 'enum A { B = 9999999999; }'],
    ['a.proto:2:12: the string does not end on its line', 'package a; "'],
    ['a.proto:2:1: the comment does not end', '/* a'],
    ['a.proto:2:11: unexpected character "#"', 'message A #'],
    ['a.proto:2:9: the string has an unknown escape', 'package "\\q"'],
    ['a.proto:3:14: "1a" is no number', 'message A {\n  string a = 1a;\n}'],
    ['a.proto:2:34: expected "returns", found ";"', 'message A {} service S { rpc M(A); }'],
  ])('%s', (message, source) => {
    expect(wrong(proto3(source))).toContain(message);
  });

  test('a syntax that is not known, and editions', () => {
    expect(wrong('syntax = "proto4";')).toBe(
      'a.proto:1:10: syntax "proto4" is not known: "proto3" or "proto2"',
    );
    expect(wrong('edition = "2023";')).toContain('a.proto:1:1: editions are not supported');
  });
});

describe('names that are not there, or twice, or reserved', () => {
  test.each([
    ['a.proto:3:3: there is no type "B"', 'message A {\n  B b = 1;\n}'],
    ['a.proto:3:15: there is no type "B"', 'message A {\n  map<string, B> b = 1;\n}'],
    ['a.proto:3:9: there is no type ".x.B"', 'service S {\n  rpc M(.x.B) returns (A);\n}\nmessage A {}'],
    [
      'a.proto:3:21: "E" is no message',
      'service S {\n  rpc M(A) returns (E);\n}\nmessage A {}\nenum E { Z = 0; }',
    ],
    ['a.proto:3:1: "A" is declared already, at a.proto:2:1', 'message A {}\nenum A { B = 0; }'],
    ['a.proto:3:10: "B" is declared already, at a.proto:2:10', 'enum A { B = 0; }\nenum C { B = 0; }'],
    [
      'a.proto:4:3: field A.b: number 1 belongs to a already',
      'message A {\n  string a = 1;\n  string b = 1;\n}',
    ],
    ['a.proto:4:3: field A.a: is declared twice', 'message A {\n  string a = 1;\n  string a = 2;\n}'],
    [
      'a.proto:4:3: field A.fooBar: is "fooBar" in JSON, as foo_bar is',
      'message A {\n  string foo_bar = 1;\n  string fooBar = 2;\n}',
    ],
    ['a.proto:4:3: field A.a: number 5 is reserved', 'message A {\n  reserved 2 to 9;\n  string a = 5;\n}'],
    ['a.proto:4:3: field A.a: the name is reserved', 'message A {\n  reserved "a";\n  string a = 5;\n}'],
    ['a.proto:4:3: A.C: number 0 belongs to B already; allow_alias', 'enum A {\n  B = 0;\n  C = 0;\n}'],
    [
      'a.proto:4:3: rpc m is declared twice',
      'service S {\n  rpc M(A) returns (A);\n  rpc m(A) returns (A);\n}\nmessage A {}',
    ],
    [
      'a.proto:3:10: google.api.http has no field "got"',
      'message A {} service S { rpc M(A) returns (A) {\n  option (google.api.http) = { got: "/" };\n} }',
    ],
    [
      'a.proto:3:10: idempotency_level is',
      'message A {} service S { rpc M(A) returns (A) {\n  option idempotency_level = NEVER;\n} }',
    ],
  ])('%s', (message, source) => {
    expect(wrong(proto3(source))).toContain(message);
  });
});

describe('imports', () => {
  test('a file that is not there is told where it is imported', () => {
    expect(wrong(proto3('import "no/such.proto";'))).toBe(
      `a.proto:2:8: there is no file "no/such.proto" in ${root}`,
    );
    expect(wrong(proto3('import "../a.proto";'))).toContain('a.proto:2:8: "../a.proto" is no name of a file');
  });

  test('files that import each other are told in a circle', () => {
    put({ 'b.proto': proto3('import "c.proto";'), 'c.proto': proto3('\nimport "a.proto";') });
    expect(wrong(proto3('import "b.proto";'))).toBe(
      'c.proto:3:8: files import each other: a.proto -> b.proto -> c.proto -> a.proto',
    );
    expect(wrong(proto3('import "a.proto";'))).toContain('a.proto -> a.proto');
  });

  test('a type of a file that is not imported says which', () => {
    put({
      'far.proto': proto3('message Far {}'),
      'near.proto': proto3('import "far.proto"; message Near {}'),
      'door.proto': proto3('import public "far.proto";'),
    });
    expect(wrong(proto3('import "near.proto"; message A { Far far = 1; }'))).toBe(
      'a.proto:2:34: "Far" is in far.proto, which is not imported',
    );
    put({ 'ok.proto': proto3('import "door.proto"; message A { Far far = 1; }') });
    expect(load([join(root, 'ok.proto')], [root]).files).toHaveLength(3);
  });

  test('a file that is imported twice, and one that is in none of the folders', () => {
    put({ 'b.proto': proto3('') });
    expect(wrong(proto3('import "b.proto";\nimport "b.proto";'))).toBe(
      'a.proto:3:8: "b.proto" is imported twice',
    );
    expect(() => load(['/nowhere/a.proto'], [root])).toThrow('it is in none of the folders');
  });
});

test('nesting is bounded', () => {
  const open = Array.from({ length: 150 }, (_, n) => `message M${n} {`).join(' ');
  expect(wrong(proto3(`${open} ${'}'.repeat(150)}`))).toContain('messages nest deeper than 100 levels');
  expect(wrong(proto3(`option a = ${'{ a: '.repeat(5000)}`))).toContain(
    'an option nests deeper than 100 levels',
  );
});

test('whatever a file holds, it is read or refused with a place', () => {
  const words = [
    ...[
      'syntax',
      '=',
      '"proto3"',
      ';',
      'message',
      'A',
      '{',
      '}',
      'string',
      'a',
      '1',
      'repeated',
      'oneof',
      'map',
    ],
    ...[
      '<',
      '>',
      ',',
      'enum',
      'reserved',
      'to',
      'max',
      '"x"',
      'service',
      'rpc',
      '(',
      ')',
      'returns',
      'stream',
    ],
    ...[
      'option',
      '[',
      ']',
      '//',
      '/*',
      '*/',
      '\n',
      'import',
      'package',
      '.',
      '-',
      '0x1F',
      '1.5',
      'extend',
      '\\',
      'é',
    ],
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 40 }), (parts) => {
      put({ 'fuzz.proto': `syntax = "proto3"; ${parts.join(' ')}` });
      try {
        load([join(root, 'fuzz.proto')], [root]);
      } catch (error) {
        if (!(error instanceof ProtoError)) throw error;
        expect(error.message).toMatch(/^fuzz\.proto:\d+:\d+: /);
      }
    }),
    { numRuns: 2_000 },
  );
});
