import type { AnyMessageType, Field } from './field.ts';

interface JsonNames {
  /** By every name that a field may have in JSON. */
  readonly fields: ReadonlyMap<string, Field>;
  /** What Go's plain JSON calls a oneof, and the fields in it. */
  readonly oneofs: ReadonlyMap<string, ReadonlyMap<string, Field>>;
}

const known = new WeakMap<AnyMessageType, JsonNames>();

export function fieldsByJsonName(type: AnyMessageType): JsonNames {
  const found = known.get(type);
  if (found !== undefined) return found;
  const fields = new Map<string, Field>();
  const oneofs = new Map<string, Map<string, Field>>();
  for (const field of type.fields()) {
    fields.set(field.name, field).set(field.proto ?? field.name, field);
    if (field.oneof === undefined) continue;
    const oneof = goName(field.oneof);
    oneofs.set(
      oneof,
      (oneofs.get(oneof) ?? new Map<string, Field>()).set(goName(field.proto ?? field.name), field),
    );
  }
  for (const field of type.fields()) fields.set(field.json ?? field.name, field);
  const names = { fields, oneofs };
  known.set(type, names);
  return names;
}

/** `user_name` is `UserName` in Go (protoc-gen-go's GoCamelCase, for names as people write them). */
function goName(name: string): string {
  return name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
