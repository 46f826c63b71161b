import type { SourceCodeInfo_LocationInit } from './gen/compiler.micro.ts';
import { TokenReader } from './token-reader.ts';
import type { Token } from './tokens.ts';

/** A file that is being read: its words, and where what was found (the paths are descriptor.proto's: SourceCodeInfo). */
export class Parsing {
  readonly tokens: TokenReader;
  readonly locations: SourceCodeInfo_LocationInit[] = [];
  syntax: 'proto2' | 'proto3' = 'proto2';

  constructor(file: string, source: string) {
    this.tokens = new TokenReader(file, source);
  }

  /** A place without comments. */
  mark(path: readonly number[], { line, column, endColumn }: Token): void {
    this.locations.push({ path, span: [line - 1, column, endColumn] });
  }

  /** A declaration that begins with `start` and whose head ends with the word taken last. */
  declare(path: readonly number[], start: Token): void {
    const { line, column, endColumn, leading } = start;
    const { trailing } = this.tokens.last;
    this.locations.push({
      path,
      span: [line - 1, column, endColumn],
      ...(leading === undefined ? {} : { leadingComments: leading }),
      ...(trailing === undefined ? {} : { trailingComments: trailing }),
    });
  }
}
