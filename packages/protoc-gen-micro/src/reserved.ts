import type { RangeInit } from './gen/compiler.micro.ts';
import { ProtoError } from './proto-error.ts';
import type { TokenReader } from './token-reader.ts';

/** What follows `reserved` or `extensions`, up to its semicolon. `beyond`: 1 where the end of a range is not in it. */
export function readReserved(
  tokens: TokenReader,
  ranges: RangeInit[],
  names: string[],
  most: number,
  beyond: number,
): void {
  do {
    if (tokens.next.kind === 'string') names.push(tokens.string('a name'));
    else {
      const place = tokens.place();
      const start = tokens.integer('a number or a name');
      let end = start;
      if (tokens.accept('to')) end = tokens.accept('max') ? most : tokens.integer('a number, or max');
      if (end < start) throw new ProtoError(place, `the range ends before it begins: ${start} to ${end}`);
      ranges.push({ start, end: end + beyond });
    }
  } while (tokens.accept(','));
  tokens.expect(';');
}
