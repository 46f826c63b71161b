import { status } from '@grpc/grpc-js';
import { MicroError, type StreamReceiver, type StreamSink } from '@micro/core';
import type { DescriptorIndex } from './descriptor-index.ts';
import { describeField, describeFile, describeMessage, describeService } from './descriptors.ts';
import { bytesField, message, numberField, readFields, textOf } from './protobuf.ts';
import type { OwnMethod } from './services.ts';

// grpc/grpc: doc/server-reflection.md and src/proto/grpc/reflection; v1 and v1alpha are the same on the wire
const packages = ['grpc.reflection.v1', 'grpc.reflection.v1alpha'] as const;

/** Numbers of the fields of a request, and of the parts of its answer. */
const asks = { file: 3, symbol: 4, extension: 5, extensions: 6, list: 7 } as const;
const answers = { request: 2, files: 4, extensions: 5, services: 6, error: 7 } as const;

/** Server reflection: what is served here, and the descriptors of it. */
export class Reflection {
  readonly methods: Readonly<Record<string, OwnMethod>>;
  private readonly index: DescriptorIndex;
  private readonly services: readonly string[];

  /** `services`: the full names that are listed. */
  constructor(index: DescriptorIndex, services: readonly string[]) {
    this.index = index;
    this.services = services;
    const method: OwnMethod = { kind: 'bidi', stream: ({ sink }) => this.answering(sink) };
    this.methods = Object.fromEntries(
      packages.map((name) => [`/${name}.ServerReflection/ServerReflectionInfo`, method]),
    );
  }

  private answering(sink: StreamSink): StreamReceiver {
    const sent = new Set<string>();
    return {
      message: (body) => {
        const request = Buffer.from(body as Uint8Array);
        try {
          // who does not read the answers is not asked for more
          if (!sink.write(this.answer(request, sent))) sink.pause();
        } catch (cause) {
          const text = 'the bytes are no ServerReflectionRequest';
          sink.abort(new MicroError('bad_request', text, { cause }));
        }
      },
      end: () => sink.end(),
      fail: () => undefined,
      drained: () => sink.resume(),
    };
  }

  private answer(request: Buffer, sent: Set<string>): Uint8Array {
    const ask = readFields(request).find(({ number }) => number >= asks.file && number <= asks.list);
    const text = ask === undefined ? '' : textOf(ask);
    const part = (): Buffer => {
      switch (ask?.number) {
        case asks.list:
          return bytesField(
            answers.services,
            message(...this.services.map((name) => bytesField(1, bytesField(1, name)))),
          );
        case asks.file:
          return files(this.index.byName(text, sent), `file "${text}"`);
        case asks.symbol:
          return files(this.index.bySymbol(text, sent), `symbol "${text}"`);
        case asks.extension: {
          const [type, number] = extensionOf(ask.bytes);
          return files(this.index.byExtension(type, number, sent), `extension ${number} of "${type}"`);
        }
        case asks.extensions: {
          const numbers = this.index.extensionsOf(text);
          if (numbers === undefined) return failure(status.NOT_FOUND, `type "${text}" is not known here`);
          const listed = numbers.map((number) => numberField(2, number));
          return bytesField(answers.extensions, message(bytesField(1, text), ...listed));
        }
        default:
          return failure(status.INVALID_ARGUMENT, 'the request asks for nothing that is known here');
      }
    };
    return message(bytesField(answers.request, request), part());
  }
}

function files(found: readonly Uint8Array[] | undefined, what: string): Buffer {
  if (found === undefined) return failure(status.NOT_FOUND, `${what} is not known here`);
  return bytesField(answers.files, message(...found.map((file) => bytesField(1, file))));
}

function failure(code: number, text: string): Buffer {
  return bytesField(answers.error, message(numberField(1, code), bytesField(2, text)));
}

function extensionOf(bytes: Uint8Array): readonly [type: string, number: number] {
  const fields = readFields(bytes);
  const type = fields.find(({ number }) => number === 1);
  return [type === undefined ? '' : textOf(type), fields.find(({ number }) => number === 2)?.value ?? 0];
}

/** The descriptors of reflection itself. */
export const reflectionFiles: readonly Uint8Array[] = packages.map((name) => {
  const of = (type: string): { readonly of: string; readonly choice: true } => ({
    of: `.${name}.${type}`,
    choice: true,
  });
  const choice = { choice: true };
  return describeFile(
    `${name.replaceAll('.', '/')}/reflection.proto`,
    name,
    [
      describeMessage('ServerReflectionRequest', {
        fields: [
          describeField('host', 1, 'string'),
          describeField('file_by_filename', asks.file, 'string', choice),
          describeField('file_containing_symbol', asks.symbol, 'string', choice),
          describeField('file_containing_extension', asks.extension, 'message', of('ExtensionRequest')),
          describeField('all_extension_numbers_of_type', asks.extensions, 'string', choice),
          describeField('list_services', asks.list, 'string', choice),
        ],
        choice: 'message_request',
      }),
      describeMessage('ExtensionRequest', {
        fields: [
          describeField('containing_type', 1, 'string'),
          describeField('extension_number', 2, 'int32'),
        ],
      }),
      describeMessage('ServerReflectionResponse', {
        fields: [
          describeField('valid_host', 1, 'string'),
          describeField('original_request', answers.request, 'message', {
            of: `.${name}.ServerReflectionRequest`,
          }),
          describeField('file_descriptor_response', answers.files, 'message', of('FileDescriptorResponse')),
          describeField(
            'all_extension_numbers_response',
            answers.extensions,
            'message',
            of('ExtensionNumberResponse'),
          ),
          describeField('list_services_response', answers.services, 'message', of('ListServiceResponse')),
          describeField('error_response', answers.error, 'message', of('ErrorResponse')),
        ],
        choice: 'message_response',
      }),
      describeMessage('FileDescriptorResponse', {
        fields: [describeField('file_descriptor_proto', 1, 'bytes', { repeated: true })],
      }),
      describeMessage('ExtensionNumberResponse', {
        fields: [
          describeField('base_type_name', 1, 'string'),
          describeField('extension_number', 2, 'int32', { repeated: true }),
        ],
      }),
      describeMessage('ListServiceResponse', {
        fields: [describeField('service', 1, 'message', { repeated: true, of: `.${name}.ServiceResponse` })],
      }),
      describeMessage('ServiceResponse', { fields: [describeField('name', 1, 'string')] }),
      describeMessage('ErrorResponse', {
        fields: [describeField('error_code', 1, 'int32'), describeField('error_message', 2, 'string')],
      }),
    ],
    [
      describeService('ServerReflection', {
        ServerReflectionInfo: {
          request: `.${name}.ServerReflectionRequest`,
          response: `.${name}.ServerReflectionResponse`,
          streams: 'both',
        },
      }),
    ],
  );
});
