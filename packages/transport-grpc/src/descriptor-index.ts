import { type Field, readFields, textOf } from './protobuf.ts';

interface File {
  readonly bytes: Uint8Array;
  readonly imports: readonly string[];
}
interface Extension {
  readonly number: number;
  readonly file: string;
}

/** Deeper nested messages have no names here. */
const maxNesting = 64;

/** The files of descriptors, by their names and by what is declared in them. */
export class DescriptorIndex {
  /** Full names. */
  readonly services: string[] = [];
  private readonly files = new Map<string, File>();
  private readonly symbols = new Map<string, string>();
  private readonly extensions = new Map<string, Extension[]>();

  /** Adds a FileDescriptorProto; the same file twice is one. Throws a RangeError for bytes that are none. */
  add(bytes: Uint8Array): void {
    const fields = readFields(bytes);
    const name = first(fields, 1);
    if (name === '' || this.files.has(name)) return;
    this.files.set(name, { bytes, imports: all(fields, 3).map(textOf) });
    const prefix = first(fields, 2) === '' ? '' : `${first(fields, 2)}.`;
    for (const { bytes } of all(fields, 4)) this.addMessage(name, prefix, bytes, 0);
    for (const { bytes } of all(fields, 5)) this.addSymbol(name, prefix, bytes);
    for (const { bytes } of all(fields, 6)) {
      const service = this.addSymbol(name, prefix, bytes);
      this.services.push(service);
      for (const method of all(readFields(bytes), 2)) this.addSymbol(name, `${service}.`, method.bytes);
    }
    for (const { bytes } of all(fields, 7)) this.addExtension(name, prefix, bytes);
  }

  /** A file and all it imports, except what was sent before; undefined when it is not there. */
  byName(name: string, sent: Set<string>): Uint8Array[] | undefined {
    if (!this.files.has(name)) return undefined;
    sent.delete(name); // whoever asks again gets it again
    const found: Uint8Array[] = [];
    const wanted = [name];
    for (const next of wanted) {
      const file = this.files.get(next);
      if (file === undefined || sent.has(next)) continue;
      sent.add(next);
      found.push(file.bytes);
      wanted.push(...file.imports);
    }
    return found;
  }

  bySymbol(symbol: string, sent: Set<string>): Uint8Array[] | undefined {
    const name = this.symbols.get(symbol);
    return name === undefined ? undefined : this.byName(name, sent);
  }

  byExtension(type: string, number: number, sent: Set<string>): Uint8Array[] | undefined {
    const found = this.extensions.get(type)?.find((extension) => extension.number === number);
    return found === undefined ? undefined : this.byName(found.file, sent);
  }

  /** The numbers of a message's extensions; undefined for an unknown message. */
  extensionsOf(type: string): readonly number[] | undefined {
    const found = this.extensions.get(type);
    if (found !== undefined) return found.map(({ number }) => number);
    return this.symbols.has(type) ? [] : undefined;
  }

  private addSymbol(file: string, prefix: string, declaration: Uint8Array): string {
    const name = `${prefix}${first(readFields(declaration), 1)}`;
    this.symbols.set(name, file);
    return name;
  }

  private addMessage(file: string, prefix: string, bytes: Uint8Array, depth: number): void {
    const name = this.addSymbol(file, prefix, bytes);
    if (depth >= maxNesting) return;
    const fields = readFields(bytes);
    for (const nested of all(fields, 3)) this.addMessage(file, `${name}.`, nested.bytes, depth + 1);
    for (const nested of all(fields, 4)) this.addSymbol(file, `${name}.`, nested.bytes);
    for (const nested of all(fields, 6)) this.addExtension(file, `${name}.`, nested.bytes);
  }

  private addExtension(file: string, prefix: string, bytes: Uint8Array): void {
    this.addSymbol(file, prefix, bytes);
    const fields = readFields(bytes);
    const type = first(fields, 2).replace(/^\./, '');
    const number = all(fields, 3)[0]?.value ?? 0;
    const known = this.extensions.get(type);
    if (known === undefined) this.extensions.set(type, [{ number, file }]);
    else known.push({ number, file });
  }
}

function all(fields: readonly Field[], number: number): readonly Field[] {
  return fields.filter((field) => field.number === number);
}

function first(fields: readonly Field[], number: number): string {
  const [field] = all(fields, number);
  return field === undefined ? '' : textOf(field);
}
