import { type Place, ProtoError } from './proto-error.ts';

export type TokenKind = 'identifier' | 'integer' | 'float' | 'string' | 'symbol' | 'end';

/** A word of a .proto file (https://protobuf.dev/reference/protobuf/proto3-spec/#lexical_elements). */
export interface Token {
  readonly kind: TokenKind;
  /** As written; of a string what it says. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  /** The comment that ends on the line above, or on the same line before it. */
  readonly leading: string | undefined;
  /** The comment that follows on the same line. */
  trailing: string | undefined;
}

interface Comment {
  text: string;
  readonly line: number;
  endLine: number;
  readonly isLine: boolean;
}

const blank = /[ \t\r\f\v]+/y;
const lineComment = /\/\/([^\n]*)/y;
const blockComment = /\/\*([\s\S]*?)\*\//y;
const identifier = /[A-Za-z_]\w*/y;
const float = /(?:\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)/y;
const integer = /(?:0[xX][0-9a-fA-F]+|\d+)/y;
const text = /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'/y;
const symbol = /[;,.=(){}[\]<>:/+-]/y;

/** Splits a file into words; the last is the end. Throws a `ProtoError` for a character that begins none. */
export function tokenize(file: string, source: string): Token[] {
  const tokens: Token[] = [];
  let at = source.startsWith('\ufeff') ? 1 : 0;
  let line = 1;
  let lineStart = at;
  let comment: Comment | undefined;

  const place = (): Place => ({ file, line, column: at - lineStart + 1 });
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  const push = (kind: TokenKind, written: string, said: string): void => {
    const column = at - lineStart;
    const leads = comment !== undefined && comment.endLine >= line - 1;
    const leading = leads ? comment?.text : undefined;
    comment = undefined;
    tokens.push({
      kind,
      text: said,
      line,
      column,
      endColumn: column + written.length,
      leading,
      trailing: undefined,
    });
    at += written.length;
  };
  const addComment = (written: string, said: string, isLine: boolean): void => {
    const lines = written.split('\n').length - 1;
    const last = tokens.at(-1);
    if (comment === undefined && last?.line === line && last.trailing === undefined) last.trailing = said;
    else if (comment !== undefined && isLine && comment.isLine && comment.endLine === line - 1) {
      comment.text += `\n${said}`;
      comment.endLine = line;
    } else comment = { text: said, line, endLine: line + lines, isLine };
    at += written.length;
    if (lines > 0) lineStart = at - (written.length - written.lastIndexOf('\n') - 1);
    line += lines;
  };

  while (at < source.length) {
    if (source[at] === '\n') {
      at++;
      line++;
      lineStart = at;
      continue;
    }
    let found = match(blank);
    if (found !== null) {
      at += found[0].length;
      continue;
    }
    found = match(lineComment);
    if (found !== null) {
      addComment(found[0], found[1] ?? '', true);
      continue;
    }
    found = match(blockComment);
    if (found !== null) {
      addComment(found[0], unstar(found[1] ?? ''), false);
      continue;
    }
    found = match(identifier);
    if (found !== null) {
      push('identifier', found[0], found[0]);
      continue;
    }
    const number = match(float) ?? match(integer);
    if (number !== null) {
      const kind = match(float) === null ? 'integer' : 'float';
      if (/^\w/.test(source.slice(at + number[0].length)))
        throw new ProtoError(place(), `"${/^[\w.]+/.exec(source.slice(at))?.[0]}" is no number`);
      push(kind, number[0], number[0]);
      continue;
    }
    found = match(text);
    if (found !== null) {
      push('string', found[0], unescaped(found[0].slice(1, -1), place()));
      continue;
    }
    found = source.startsWith('/*', at) ? null : match(symbol);
    if (found === null) throw new ProtoError(place(), unreadable(source.slice(at, at + 2)));
    push('symbol', found[0], found[0]);
  }
  push('end', '', 'the end of the file');
  return tokens;
}

function unreadable(start: string): string {
  if (start === '/*') return 'the comment does not end';
  if (start[0] === '"' || start[0] === "'") return 'the string does not end on its line';
  return `unexpected character ${JSON.stringify(String.fromCodePoint(start.codePointAt(0) ?? 0))}`;
}

/** A block comment without the stars before its lines. */
function unstar(comment: string): string {
  return comment
    .replace(/^\*+/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, ''))
    .join('\n');
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
};

function unescaped(written: string, place: Place): string {
  const pattern = /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))/g;
  return written.replace(pattern, (all, hex, short, long, octal, letter) => {
    const digits: unknown = hex ?? short ?? long;
    if (typeof digits === 'string')
      return String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(digits, 16)));
    if (typeof octal === 'string') return String.fromCodePoint(Number.parseInt(octal, 8));
    const said = escapes[String(letter)];
    if (said === undefined) throw new ProtoError(place, `the string has an unknown escape ${all}`);
    return said;
  });
}
