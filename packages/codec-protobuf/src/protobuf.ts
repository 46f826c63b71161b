import { type BoundCodec, type Codec, MicroError } from '@micro/core';
import { decodeMessage, encodeMessage } from './binary.ts';
import type { AnyMessageType } from './field.ts';
import type { ProtobufCodecOptions } from './options.ts';

/**
 * Protobuf, for contracts whose schemas are message types: of protoc-gen-micro's code, or of `reflect`. Content types
 * as go-micro has them (go-micro v4: client/rpc_codec.go and plugins/v4/client/grpc), `application/protobuf` first.
 */
export function protobufCodec(options: ProtobufCodecOptions = {}): Codec {
  const { unknownFields = 'keep' } = options;
  if (unknownFields !== 'keep' && unknownFields !== 'drop')
    throw new MicroError('bad_request', `unknownFields must be "keep" or "drop", not "${unknownFields}"`);
  return {
    name: 'protobuf',
    features: new Set(['bytes', 'int64', 'schema']),
    contentTypes: ['application/protobuf', 'application/proto', 'application/grpc+proto', 'application/grpc'],
    text: false,
    bind: (schema) => bind(messageTypeOf(schema), unknownFields),
  };
}

/** The message type in a schema. Throws `bad_request` where there is none. */
function messageTypeOf(schema: unknown): AnyMessageType {
  const { '~protobuf': type } = { '~protobuf': undefined, ...Object(schema) } as {
    readonly '~protobuf': AnyMessageType | undefined;
  };
  if (type === undefined)
    throw new MicroError(
      'bad_request',
      'protobuf needs a message type as schema: generate the contract from a .proto file',
    );
  return type;
}

function bind(type: AnyMessageType, unknownFields: 'keep' | 'drop'): BoundCodec {
  return {
    checked: true,
    encode: (message) =>
      // What is no object has no fields to write: it is found out there
      message instanceof Uint8Array ? message : encodeMessage(type, (message ?? {}) as object),
    decode: (body) =>
      decodeMessage(type, typeof body === 'string' ? Buffer.from(body, 'latin1') : body, unknownFields),
  };
}
