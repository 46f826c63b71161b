/** Where a message keeps the fields that were read without being known, as they came; they are written again. */
export const unknownFields: unique symbol = Symbol.for('@micro/codec-protobuf/unknown-fields');

/** What every message may have. */
export interface ProtoMessage {
  readonly [unknownFields]?: readonly Uint8Array[] | undefined;
}

/** While a message is being read, its properties are set. */
export type Mutable<Message> = { -readonly [Key in keyof Message]: Message[Key] };

/** For generated code: keeps what `skipField` gave. Neighbours become one, or two bytes sent would cost hundreds here. */
export function keepUnknown(message: Mutable<ProtoMessage>, field: Uint8Array | undefined): void {
  if (field === undefined) return;
  const kept = message[unknownFields] ?? [];
  const last = kept.at(-1);
  const follows = last?.buffer === field.buffer && last.byteOffset + last.byteLength === field.byteOffset;
  message[unknownFields] = follows
    ? [
        ...kept.slice(0, -1),
        new Uint8Array(field.buffer, last.byteOffset, last.byteLength + field.byteLength),
      ]
    : [...kept, field];
}
