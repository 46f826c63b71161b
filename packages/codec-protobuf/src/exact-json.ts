import type { AnyMessageType } from './field.ts';
import { is64 } from './scalars.ts';

/** What holds JSON of any kind: a number in it stays one. */
const open: ReadonlySet<string> = new Set(
  ['Any', 'ListValue', 'Struct', 'Value'].map((name) => `google.protobuf.${name}`),
);

/** Whether messages of the type hold 64-bit integers, and no JSON of any kind. */
export function hasExactIntegers(type: AnyMessageType): boolean {
  const types = new Set([type]);
  let wide = false;
  for (const { typeName, fields } of types) {
    if (open.has(typeName)) return false;
    for (const { type: one } of fields()) {
      if (typeof one === 'string') wide ||= is64(one);
      else if (one.kind === 'message') types.add(one);
    }
  }
  return wide;
}

/** A number, or one with a colon behind it, which is no JSON and stays none. */
const token = /[-\d][-+.\deE]*(?:\s*:)?/g;
const large = /^-?[1-9]\d{15,}$/;

/**
 * Whole numbers of 16 digits and more become texts, as proto3 JSON has 64-bit integers: Go's plain JSON, which go-micro
 * up to v5.13 writes (v4: codec/json/json.go:37), has numbers, and `JSON.parse` rounds them. Linear in the text's
 * length; of text that is no JSON it makes none.
 */
export function quoteIntegers(text: string): string {
  if (!/\d{16}/.test(text)) return text;
  let quoted = '';
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('"', at);
    const outside = text.slice(at, start < 0 ? text.length : start);
    quoted += outside.replace(token, (one) => (large.test(one) ? `"${one}"` : one));
    if (start < 0) break;
    at = endOfString(text, start);
    quoted += text.slice(start, at);
  }
  return quoted;
}

/** Behind its closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '"') return at + 1;
    if (char === '\\') at++;
  }
  return text.length;
}
