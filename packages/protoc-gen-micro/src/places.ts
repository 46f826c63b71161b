import type { FileDescriptorProto } from './gen/compiler.micro.ts';
import type { Place } from './proto-error.ts';

interface Comments {
  readonly leading: string | undefined;
  readonly trailing: string | undefined;
}

/** Where the declarations of a file stand, and what is written at them, by their paths (descriptor.proto: SourceCodeInfo). */
export class Places {
  private readonly places = new Map<string, Place>();
  private readonly comments = new Map<string, Comments>();
  private readonly file: string;

  constructor({ name = '', sourceCodeInfo }: FileDescriptorProto) {
    this.file = name;
    for (const { path, span, leadingComments, trailingComments } of sourceCodeInfo?.location ?? []) {
      const [line = 0, column = 0] = span;
      const key = path.join('.');
      this.places.set(key, { file: name, line: line + 1, column: column + 1 });
      this.comments.set(key, { leading: leadingComments, trailing: trailingComments });
    }
  }

  /** The nearest place that is known. */
  of(path: readonly number[]): Place {
    for (let length = path.length; length > 0; length--) {
      const place = this.places.get(path.slice(0, length).join('.'));
      if (place !== undefined) return place;
    }
    return { file: this.file, line: 1, column: 1 };
  }

  /** The comment before a declaration, else that behind it on its line; lines without blanks at their ends. */
  commentOf(path: readonly number[]): readonly string[] {
    const found = this.comments.get(path.join('.'));
    const text = found?.leading ?? found?.trailing ?? '';
    const lines = text.split('\n').map((line) => line.trimEnd());
    while (lines.length > 0 && lines[0]?.trim() === '') lines.shift();
    while (lines.at(-1)?.trim() === '') lines.pop();
    const indent = Math.min(
      ...lines.filter((line) => line !== '').map((line) => line.length - line.trimStart().length),
    );
    return lines.map((line) => line.slice(indent));
  }
}
