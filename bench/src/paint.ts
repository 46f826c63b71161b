/** Colours of a terminal (ECMA-48, SGR), or none: where nobody would see them, and where NO_COLOR says so. */
export type Paint = (style: Style, text: string) => string;

type Style = keyof typeof codes;
const codes = { bold: 1, dim: 2, red: 31, green: 32, cyan: 36 } as const;

export function paintFor(stream: { readonly isTTY?: boolean }): Paint {
  if (stream.isTTY !== true || process.env.NO_COLOR) return (_, text) => text;
  return (style, text) => `\u001b[${codes[style]}m${text}\u001b[0m`;
}
