import { MicroError } from '@micro/core';
import { complete } from './complete.ts';
import type { MessageType } from './message-type.ts';
import { within } from './path-error.ts';
import { MessageReader } from './reader.ts';
import { MessageWriter } from './writer.ts';

let idleWriter: MessageWriter | undefined;
let idleReader: MessageReader | undefined;

/** The bytes of a message. Throws `bad_request` for values that are not of their type, and says where. */
export function encodeMessage<Message extends object, Init extends object>(
  type: MessageType<Message, Init>,
  message: Init,
): Uint8Array {
  const { typeName } = type;
  // Getters of the message may write messages of their own meanwhile
  const writer = idleWriter ?? new MessageWriter();
  idleWriter = undefined;
  try {
    type.encode(message, writer);
    return writer.finish();
  } catch (error) {
    // Whatever cannot be written is found again by the table of fields, which knows where it is
    within(typeName, () => complete(type, message, false));
    throw new MicroError('bad_request', `cannot write ${typeName}: ${textOf(error)}`, { cause: error });
  } finally {
    writer.clear();
    idleWriter = writer;
  }
}

/** The message of bytes, with all its fields; unknown ones are kept unless `drop`. Throws `bad_request` for other bytes. */
export function decodeMessage<Message extends object, Init extends object>(
  type: MessageType<Message, Init>,
  bytes: Uint8Array,
  unknownFields: 'keep' | 'drop' = 'keep',
): Message {
  const reader = idleReader ?? new MessageReader();
  idleReader = undefined;
  try {
    return type.decode(reader.open(bytes, unknownFields === 'keep'));
  } catch (error) {
    throw new MicroError('bad_request', `invalid ${type.typeName}: ${textOf(error)}`, { cause: error });
  } finally {
    reader.close();
    idleReader = reader;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
