import type { BoundCodec, Codec, Schema } from '@micro/core';
import {
  describeEnum,
  describeField,
  describeFile,
  describeMessage,
  describeService,
} from '../../src/descriptors.ts';
import { bytesField, message, numberField, readFields, textOf } from '../../src/protobuf.ts';

/** A message of gRPC's interoperability tests (grpc/grpc: doc/interop-test-descriptions.md), as far as they use it. */
export interface Proto<T> extends Schema<T> {
  readonly write: (value: T) => Uint8Array;
  readonly read: (bytes: Uint8Array) => T;
}

function proto<T>(write: (value: T) => Uint8Array, read: (bytes: Uint8Array) => T): Proto<T> {
  const validate = (value: unknown): { readonly value: T } => ({ value: value as T });
  const type = { '~standard': { version: 1, vendor: 'test', validate } as const, write, read };
  const file = { name: 'grpc/testing/test.proto', descriptor: () => testFile, imports: [] };
  return Object.assign(type, { '~protobuf': { file } });
}

export interface Status {
  readonly code: number;
  readonly message: string;
}
export interface SimpleRequest {
  readonly responseSize: number;
  readonly fillServerId?: boolean | undefined;
  readonly body: Uint8Array;
  readonly status?: Status | undefined;
}
export interface Payload {
  readonly body: Uint8Array;
  readonly serverId?: string | undefined;
}
export interface StreamingRequest {
  readonly sizes: readonly number[];
  readonly body: Uint8Array;
  readonly status?: Status | undefined;
}
export interface Total {
  readonly size: number;
}

const none = new Uint8Array(0);
const payload = (body: Uint8Array): Uint8Array => bytesField(2, body);
const bodyOf = (bytes: Uint8Array): Uint8Array =>
  readFields(bytes).find(({ number }) => number === 2)?.bytes ?? none;
const writeStatus = (status: Status | undefined): Uint8Array =>
  status === undefined
    ? none
    : bytesField(7, message(numberField(1, status.code), bytesField(2, status.message)));

function readStatus(bytes: Uint8Array): Status {
  const fields = readFields(bytes);
  const text = fields.find(({ number }) => number === 2);
  return {
    code: fields.find(({ number }) => number === 1)?.value ?? 0,
    message: text === undefined ? '' : textOf(text),
  };
}

export const Empty: Proto<object> = proto(
  () => none,
  () => ({}),
);
export const Simple: Proto<SimpleRequest> = proto(
  ({ responseSize, body, status }) =>
    message(numberField(2, responseSize), bytesField(3, payload(body)), writeStatus(status)),
  (bytes) => {
    let request: SimpleRequest = { responseSize: 0, body: none };
    for (const { number, value, bytes: part } of readFields(bytes)) {
      if (number === 2) request = { ...request, responseSize: value };
      if (number === 3) request = { ...request, body: bodyOf(part) };
      if (number === 9) request = { ...request, fillServerId: value === 1 };
      if (number === 7) request = { ...request, status: readStatus(part) };
    }
    return request;
  },
);
/** A message whose first field is the payload: replies, and what a client stream sends. */
export const Reply: Proto<Payload> = proto(
  ({ body, serverId }) =>
    message(bytesField(1, payload(body)), serverId === undefined ? none : bytesField(4, serverId)),
  (bytes) => ({ body: bodyOf(readFields(bytes).find(({ number }) => number === 1)?.bytes ?? none) }),
);
export const Streaming: Proto<StreamingRequest> = proto(
  ({ sizes, body, status }) =>
    message(
      ...sizes.map((size) => bytesField(2, numberField(1, size))),
      bytesField(3, payload(body)),
      writeStatus(status),
    ),
  (bytes) => {
    const fields = readFields(bytes);
    const sizes = fields
      .filter(({ number }) => number === 2)
      .map((field) => readFields(field.bytes).find(({ number }) => number === 1)?.value ?? 0);
    const status = fields.find(({ number }) => number === 7)?.bytes;
    return {
      sizes,
      body: bodyOf(fields.find(({ number }) => number === 3)?.bytes ?? none),
      status: status && readStatus(status),
    };
  },
);
export const Aggregated: Proto<Total> = proto(
  ({ size }) => message(numberField(1, size)),
  (bytes) => ({ size: readFields(bytes).find(({ number }) => number === 1)?.value ?? 0 }),
);

function isProto(schema: unknown): schema is Proto<unknown> {
  return typeof schema === 'object' && schema !== null && 'write' in schema && 'read' in schema;
}

/** The codec for these messages. */
export const testCodec: Codec = {
  name: 'test-protobuf',
  features: new Set(['schema']),
  contentTypes: ['application/protobuf'],
  text: false,
  bind(schema: unknown): BoundCodec {
    if (!isProto(schema)) throw new Error('not a message of the tests');
    return {
      encode: (value) => schema.write(value),
      decode: (body) => schema.read(Buffer.from(body as Uint8Array)),
    };
  },
};

const of = (name: string): { readonly of: string } => ({ of: `.grpc.testing.${name}` });
const payloadField = (number: number): Uint8Array =>
  describeField('payload', number, 'message', of('Payload'));
const statusField = describeField('response_status', 7, 'message', of('EchoStatus'));

/** The descriptor of the service, as far as its messages are read here. */
export const testFile: Uint8Array = describeFile(
  'grpc/testing/test.proto',
  'grpc.testing',
  [
    describeMessage('Empty'),
    describeMessage('Payload', {
      fields: [
        describeField('type', 1, 'enum', of('Payload.PayloadType')),
        describeField('body', 2, 'bytes'),
      ],
      enums: [describeEnum('PayloadType', ['COMPRESSABLE'])],
    }),
    describeMessage('EchoStatus', {
      fields: [describeField('code', 1, 'int32'), describeField('message', 2, 'string')],
    }),
    describeMessage('SimpleRequest', {
      fields: [describeField('response_size', 2, 'int32'), payloadField(3), statusField],
    }),
    describeMessage('SimpleResponse', { fields: [payloadField(1)] }),
    describeMessage('ResponseParameters', { fields: [describeField('size', 1, 'int32')] }),
    describeMessage('StreamingOutputCallRequest', {
      fields: [
        describeField('response_parameters', 2, 'message', { repeated: true, ...of('ResponseParameters') }),
        payloadField(3),
        statusField,
      ],
    }),
    describeMessage('StreamingOutputCallResponse', { fields: [payloadField(1)] }),
    describeMessage('StreamingInputCallRequest', { fields: [payloadField(1)] }),
    describeMessage('StreamingInputCallResponse', {
      fields: [describeField('aggregated_payload_size', 1, 'int32')],
    }),
  ],
  [
    describeService('TestService', {
      EmptyCall: { request: '.grpc.testing.Empty', response: '.grpc.testing.Empty' },
      UnaryCall: { request: '.grpc.testing.SimpleRequest', response: '.grpc.testing.SimpleResponse' },
      StreamingOutputCall: {
        request: '.grpc.testing.StreamingOutputCallRequest',
        response: '.grpc.testing.StreamingOutputCallResponse',
        streams: 'response',
      },
      StreamingInputCall: {
        request: '.grpc.testing.StreamingInputCallRequest',
        response: '.grpc.testing.StreamingInputCallResponse',
        streams: 'request',
      },
      FullDuplexCall: {
        request: '.grpc.testing.StreamingOutputCallRequest',
        response: '.grpc.testing.StreamingOutputCallResponse',
        streams: 'both',
      },
    }),
  ],
);
