// What generated code is made of; not for people. A contract that is imported brings its codec.
import './index.ts';

export { type EnumType, enumName, enumNumber, enumType } from './field.ts';
export type { HttpRoute } from './http-route.ts';
export { message } from './message.ts';
export type { MessageType } from './message-type.ts';
export { type ProtoFile, protoFile } from './proto-file.ts';
export type { Reader } from './reader.ts';
export { bigintOf, booleanOf, integerOf } from './text-values.ts';
export { keepUnknown, type Mutable, type ProtoMessage, unknownFields } from './unknown-fields.ts';
export type { Writer } from './writer.ts';
