interface Wanted {
  /** What it is called here. */
  readonly local?: string;
  /** Only its type is wanted. */
  readonly isType?: boolean;
}

/** Text with indentation, and the imports that its parts have asked for. */
export class Output {
  private readonly lines: string[] = [];
  private readonly imports = new Map<
    string,
    Map<string, { readonly local: string; readonly isType: boolean }>
  >();
  /** Stands before all else, behind the imports. */
  readonly intro: string[] = [];
  private depth = 0;

  line(text = ''): void {
    this.lines.push(text === '' ? '' : '  '.repeat(this.depth) + text);
  }

  /** Adds to the line before. */
  append(text: string): void {
    const last = this.lines.pop();
    this.lines.push(`${last ?? ''}${text}`);
  }

  /** Lines between an opening and a closing one. */
  block(open: string, close: string, inside: () => void): void {
    this.line(open);
    this.depth++;
    inside();
    this.depth--;
    this.line(close);
  }

  /** A TSDoc comment; nothing for no lines. */
  comment(lines: readonly string[]): void {
    // The end of a comment inside it would end it
    const safe = lines.map((line) => line.replaceAll('*/', '*\\/'));
    if (safe.length === 1) this.line(`/** ${safe[0]} */`);
    if (safe.length < 2) return;
    this.line('/**');
    for (const line of safe) this.line(line === '' ? ' *' : ` * ${line}`);
    this.line(' */');
  }

  /** Asks for a name of a module; what is wanted as a value once is imported as one. */
  use(module: string, name: string, how: Wanted = {}): string {
    const { local = name, isType = false } = how;
    const names = this.imports.get(module) ?? new Map<string, { local: string; isType: boolean }>();
    const known = names.get(name);
    names.set(name, { local, isType: isType && (known?.isType ?? true) });
    this.imports.set(module, names);
    return local;
  }

  /** Everything, imports in front of the first line that is neither comment nor blank. */
  toString(header: readonly string[]): string {
    const imports = [...this.imports.keys()].sort(byModule).map((module) => this.importLine(module));
    const parts = [
      ...header,
      '',
      ...imports,
      ...(imports.length > 0 ? [''] : []),
      ...this.intro,
      '',
      ...this.lines,
    ];
    return `${parts
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trimEnd()}\n`;
  }

  private importLine(module: string): string {
    const names = [...(this.imports.get(module) ?? [])].sort(([a], [b]) => compare(a, b));
    const allTypes = names.every(([, { isType }]) => isType);
    const parts = names.map(([name, { local, isType }]) => {
      const renamed = local === name ? name : `${name} as ${local}`;
      return isType && !allTypes ? `type ${renamed}` : renamed;
    });
    const word = allTypes ? 'import type' : 'import';
    const short = `${word} { ${parts.join(', ')} } from ${quote(module)};`;
    return short.length <= 100
      ? short
      : `${word} {\n${parts.map((part) => `  ${part},\n`).join('')}} from ${quote(module)};`;
  }
}

/** By code units: the same on every machine, whatever its language. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Packages before files. */
function byModule(a: string, b: string): number {
  return Number(a.startsWith('.')) - Number(b.startsWith('.')) || compare(a, b);
}

/** A string of TypeScript. */
export function quote(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}
