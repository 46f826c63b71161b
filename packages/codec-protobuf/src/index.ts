import { definePlugin } from '@micro/core';
import type { ProtobufCodecOptions } from './options.ts';
import { protobufCodec } from './protobuf.ts';

declare module '@micro/core' {
  interface CodecPlugins {
    protobuf: ProtobufCodecOptions;
  }
}

definePlugin('codec', 'protobuf', { package: '@micro/codec-protobuf', create: protobufCodec });

export { decodeMessage, encodeMessage } from './binary.ts';
export { type EnumType, enumType, type Field, type ScalarType } from './field.ts';
export type { MessageType } from './message-type.ts';
export type { ProtobufCodecOptions } from './options.ts';
export type { ProtoFile } from './proto-file.ts';
export { protobufCodec } from './protobuf.ts';
export { type ProtoMessage, unknownFields } from './unknown-fields.ts';
