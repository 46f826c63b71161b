import type { FileDescriptorProto } from './gen/compiler.micro.ts';
import { type Place, ProtoError } from './proto-error.ts';

export type Kind = 'message' | 'enum' | 'value' | 'service';

export interface Found {
  readonly kind: Kind;
  readonly fullName: string;
  readonly file: string;
  readonly place: Place;
}

/** Every name of the files that were linked. */
export class Symbols {
  private readonly all = new Map<string, Found>();
  /** The files that a file sees by importing it: itself, and what it imports publicly. */
  private readonly exported = new Map<string, ReadonlySet<string>>();
  private readonly visible = new Map<string, ReadonlySet<string>>();

  /** Its imports were added before. */
  addFile({ name = '', dependency, publicDependency }: FileDescriptorProto): void {
    const seen = new Set([name]);
    const passed = new Set([name]);
    for (const [index, imported] of dependency.entries()) {
      for (const file of this.exported.get(imported) ?? []) {
        seen.add(file);
        if (publicDependency.includes(index)) passed.add(file);
      }
    }
    this.visible.set(name, seen);
    this.exported.set(name, passed);
  }

  add(symbol: Found): void {
    const other = this.all.get(symbol.fullName);
    if (other !== undefined) {
      const { file, line, column } = other.place;
      throw new ProtoError(
        symbol.place,
        `"${symbol.fullName}" is declared already, at ${file}:${line}:${column}`,
      );
    }
    this.all.set(symbol.fullName, symbol);
  }

  /** From the innermost scope outwards; with a dot in front from the outermost only. */
  find(scope: string, name: string): Found | undefined {
    if (name.startsWith('.')) return this.all.get(name.slice(1));
    const scopes = scope === '' ? [] : scope.split('.');
    for (let length = scopes.length; length >= 0; length--) {
      const found = this.all.get([...scopes.slice(0, length), name].join('.'));
      if (found !== undefined && found.kind !== 'value') return found;
    }
    return undefined;
  }

  sees(file: string, other: string): boolean {
    return this.visible.get(file)?.has(other) ?? false;
  }
}
