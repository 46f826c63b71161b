import type { Schema } from '@micro/core';
import type { AnyMessageType, Field } from './field.ts';
import type { ProtoFile } from './proto-file.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** What generated code says of a message. */
export interface MessageDefinition<Message extends object, Init extends object> {
  /** With its package: `google.protobuf.Any`. */
  readonly typeName: string;
  readonly file?: ProtoFile | undefined;
  /** In the order of the .proto file. A function, for messages may contain each other. */
  readonly fields: () => readonly Field[];
  /** Writes the fields of a message. Throws for what is not of its type. */
  encode(message: Init, writer: Writer): void;
  /** Reads until `reader.len`; into `base` what comes twice, as the wire format demands. */
  decode(reader: Reader, base?: Message): Message;
}

/**
 * A message of a .proto file: a schema for contracts (who sends leaves out what he likes, who receives gets all
 * fields), and what the protobuf and JSON codecs find at run time.
 */
export interface MessageType<Message extends object, Init extends object = Message>
  extends MessageDefinition<Message, Init>,
    Schema<Init, Message> {
  readonly kind: 'message';
  /** The message with all its fields. Throws `bad_request` for values that are not of their type. */
  create(init?: Init): Message;
  /** Where the protobuf codec finds it. */
  readonly '~protobuf': AnyMessageType;
  /** How the JSON codec writes and reads it: proto3 JSON (https://protobuf.dev/programming-guides/json). */
  readonly '~json': {
    readonly prepare: (text: string) => string;
    readonly write: (message: unknown) => unknown;
    readonly read: (json: unknown) => unknown;
  };
}
