import type { AnyMessageType } from './field.ts';

const types = new Map<string, AnyMessageType>();

/** Makes a type known to JSON of google.protobuf.Any. Of two with the same name the later counts. */
export function addType(type: AnyMessageType): void {
  types.set(type.typeName, type);
}

export function typeNamed(typeName: string): AnyMessageType | undefined {
  return types.get(typeName);
}
