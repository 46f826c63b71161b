import { bytesField, message, numberField, presentField } from './protobuf.ts';

// Descriptors as bytes, field numbers as in protobuf's own descriptor.proto: enough for gRPC's health and reflection.

const kinds = { int32: 5, bool: 8, string: 9, message: 11, bytes: 12, enum: 14 } as const;
const optional = 1;
const repeated = 3;

export interface FieldOptions {
  readonly repeated?: boolean;
  /** Full name of the message or enum, with a leading dot. */
  readonly of?: string;
  /** One of those of which at most one is set. */
  readonly choice?: boolean;
}

/** A field of a message. */
export function describeField(
  name: string,
  number: number,
  kind: keyof typeof kinds,
  options: FieldOptions = {},
): Buffer {
  return message(
    bytesField(1, name),
    numberField(3, number),
    numberField(4, options.repeated === true ? repeated : optional),
    numberField(5, kinds[kind]),
    ...(options.of === undefined ? [] : [bytesField(6, options.of)]),
    ...(options.choice === true ? [presentField(9, 0)] : []),
  );
}

export interface MessageParts {
  readonly fields?: readonly Uint8Array[];
  readonly enums?: readonly Uint8Array[];
  /** Name of the group of those fields that are a choice. */
  readonly choice?: string;
}

export function describeMessage(
  name: string,
  { fields = [], enums = [], choice }: MessageParts = {},
): Buffer {
  return message(
    bytesField(1, name),
    ...fields.map((field) => bytesField(2, field)),
    ...enums.map((one) => bytesField(4, one)),
    ...(choice === undefined ? [] : [bytesField(8, bytesField(1, choice))]),
  );
}

/** Values are numbered from 0. */
export function describeEnum(name: string, values: readonly string[]): Buffer {
  const described = values.map((value, number) => message(bytesField(1, value), presentField(2, number)));
  return message(bytesField(1, name), ...described.map((value) => bytesField(2, value)));
}

export interface MethodParts {
  readonly request: string;
  readonly response: string;
  readonly streams?: 'request' | 'response' | 'both';
}

export function describeService(name: string, methods: Readonly<Record<string, MethodParts>>): Buffer {
  const described = Object.entries(methods).map(([method, { request, response, streams }]) =>
    message(
      bytesField(1, method),
      bytesField(2, request),
      bytesField(3, response),
      numberField(5, streams === 'request' || streams === 'both' ? 1 : 0),
      numberField(6, streams === 'response' || streams === 'both' ? 1 : 0),
    ),
  );
  return message(bytesField(1, name), ...described.map((method) => bytesField(2, method)));
}

/** A FileDescriptorProto of proto3. */
export function describeFile(
  name: string,
  packageName: string,
  messages: readonly Uint8Array[],
  services: readonly Uint8Array[],
): Buffer {
  return message(
    bytesField(1, name),
    bytesField(2, packageName),
    ...messages.map((one) => bytesField(4, one)),
    ...services.map((one) => bytesField(6, one)),
    bytesField(12, 'proto3'),
  );
}
