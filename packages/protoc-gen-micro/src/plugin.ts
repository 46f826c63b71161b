import { decodeMessage, encodeMessage } from '@micro/codec-protobuf';
import { CodeGeneratorRequest, CodeGeneratorResponse } from './gen/compiler.micro.ts';
import { generate } from './generate.ts';
import type { GenerateOptions } from './generate-options.ts';
import { ProtoError } from './proto-error.ts';

/** google/protobuf/compiler/plugin.proto: FEATURE_PROTO3_OPTIONAL. */
const proto3Optional = 1n;

/**
 * The answer to a serialized google.protobuf.compiler.CodeGeneratorRequest. What is wrong with the .proto files is in
 * the answer, as protoc wants it; throws for bytes that are no request.
 */
export function answer(request: Uint8Array): Uint8Array {
  const { fileToGenerate, parameter = '', protoFile } = decodeMessage(CodeGeneratorRequest, request);
  try {
    const file = generate(protoFile, fileToGenerate, readParameter(parameter));
    return encodeMessage(CodeGeneratorResponse, {
      supportedFeatures: proto3Optional,
      file: file.map(({ name, content }) => ({ name, content })),
    });
  } catch (error) {
    if (!(error instanceof ProtoError || error instanceof RangeError)) throw error;
    return encodeMessage(CodeGeneratorResponse, { error: error.message, supportedFeatures: proto3Optional });
  }
}

/** `int64=string,import_extension=ts`. Throws a `RangeError` for what is no option. */
function readParameter(parameter: string): GenerateOptions {
  const given = parameter.split(',').filter((part) => part !== '');
  return toOptions(
    Object.fromEntries(given.map((part) => [part.split('=', 1)[0], part.slice(part.indexOf('=') + 1)])),
  );
}

/** The options by their names in protoc's parameter. */
export function toOptions(given: Readonly<Record<string, string | undefined>>): GenerateOptions {
  const { int64, import_extension: importExtension, service, runtime, ...rest } = given;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new RangeError(`there is no option ${unknown}: int64, import_extension, service, runtime`);
  if (int64 !== undefined && int64 !== 'bigint' && int64 !== 'string')
    throw new RangeError(`int64 is bigint or string, not ${int64}`);
  if (importExtension !== undefined && importExtension !== 'js' && importExtension !== 'ts')
    throw new RangeError(`import_extension is js or ts, not ${importExtension}`);
  return { int64, importExtension, service, runtime };
}
