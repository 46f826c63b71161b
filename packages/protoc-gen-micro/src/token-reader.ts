import { type Place, ProtoError } from './proto-error.ts';
import { type Token, type TokenKind, tokenize } from './tokens.ts';

/** Goes through the words of a file; everything that is not as expected throws a `ProtoError` at its place. */
export class TokenReader {
  readonly file: string;
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(file: string, source: string) {
    this.file = file;
    this.tokens = tokenize(file, source);
  }

  get next(): Token {
    const token = this.tokens[Math.min(this.at, this.tokens.length - 1)];
    if (token === undefined) throw new Error('a file has at least its end');
    return token;
  }

  /** The word that was taken last. */
  get last(): Token {
    return this.tokens[Math.max(0, this.at - 1)] ?? this.next;
  }

  take(): Token {
    const { next } = this;
    this.at++;
    return next;
  }

  /** Takes the next word if it is this one. */
  accept(text: string): boolean {
    const { next } = this;
    if (next.text !== text || next.kind === 'string' || next.kind === 'end') return false;
    this.at++;
    return true;
  }

  /** Whether the next word is this one, without taking it. */
  sees(text: string): boolean {
    return this.next.text === text && this.next.kind !== 'string' && this.next.kind !== 'end';
  }

  expect(text: string): Token {
    const { next } = this;
    if (!this.accept(text)) throw this.unexpected(`"${text}"`);
    return next;
  }

  kind(kind: TokenKind, what: string): Token {
    if (this.next.kind !== kind) throw this.unexpected(what);
    return this.take();
  }

  name(what: string): Token {
    return this.kind('identifier', what);
  }

  /** A name with dots: `foo.Bar`, with `leading` also `.foo.Bar`. */
  path(what: string, leading = false): string {
    let text = leading && this.accept('.') ? '.' : '';
    text += this.name(what).text;
    while (this.accept('.')) text += `.${this.name(what).text}`;
    return text;
  }

  /** A whole number, signed. */
  integer(what: string): number {
    const sign = this.accept('-') ? -1 : 1;
    const token = this.kind('integer', what);
    return sign * integerOf(token.text) || 0;
  }

  /** Strings that follow each other are one. */
  string(what: string): string {
    let text = this.kind('string', what).text;
    while (this.next.kind === 'string') text += this.take().text;
    return text;
  }

  place(token: Token = this.next): Place {
    return { file: this.file, line: token.line, column: token.column + 1 };
  }

  unexpected(expected: string): ProtoError {
    const { next } = this;
    const found = next.kind === 'end' ? next.text : `"${next.text.slice(0, 40)}"`;
    return new ProtoError(this.place(), `expected ${expected}, found ${found}`);
  }
}

/** Decimal, 0x hexadecimal, or octal with a zero in front. */
function integerOf(integer: string): number {
  if (/^0[xX]/.test(integer)) return Number(integer);
  return Number.parseInt(integer, integer.length > 1 && integer.startsWith('0') ? 8 : 10);
}
