import { complete } from './complete.ts';
import { hasExactIntegers, quoteIntegers } from './exact-json.ts';
import { messageFromJson } from './from-json.ts';
import { jsonSchemaOf } from './json-schema.ts';
import type { MessageDefinition, MessageType } from './message-type.ts';
import { isPathError, within } from './path-error.ts';
import { messageToJson } from './to-json.ts';
import { addType } from './types.ts';

/** A message type of generated code. */
export function message<Message extends object, Init extends object>(
  definition: MessageDefinition<Message, Init>,
): MessageType<Message, Init> {
  let fields: ReturnType<typeof definition.fields> | undefined;
  let exact: boolean | undefined;
  // Standard JSON Schema (https://standardschema.dev/json-schema): core describes endpoints by it
  const jsonSchema = { input: () => jsonSchemaOf(type), output: () => jsonSchemaOf(type) };
  const type: MessageType<Message, Init> = {
    kind: 'message',
    typeName: definition.typeName,
    file: definition.file,
    fields: () => {
      fields ??= Object.freeze(definition.fields());
      return fields;
    },
    encode: definition.encode,
    decode: definition.decode,
    // The table of fields says what the compiler is told by the type parameter
    create: (init) => within(definition.typeName, () => complete(type, init ?? {}, true)) as Message,
    get '~protobuf'() {
      return type;
    },
    '~json': {
      prepare(text) {
        exact ??= hasExactIntegers(type);
        return exact ? quoteIntegers(text) : text;
      },
      write: (value) => messageToJson(type, complete(type, value, false)),
      read: (json) => messageFromJson(type, json),
    },
    '~standard': {
      ...{ jsonSchema },
      version: 1,
      vendor: 'micro-protobuf',
      validate(value) {
        try {
          return { value: complete(type, value, true) as Message };
        } catch (error) {
          if (isPathError(error)) return { issues: [{ message: error.reason, path: error.path }] };
          throw error;
        }
      },
    },
  };
  addType(type);
  return Object.freeze(type);
}
