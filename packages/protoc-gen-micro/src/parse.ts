import type {
  DescriptorProtoInit,
  EnumDescriptorProtoInit,
  FileDescriptorProtoInit,
  ServiceDescriptorProtoInit,
} from './gen/compiler.micro.ts';
import { flag, type Option, readOption, textOption } from './option-values.ts';
import { parseEnum } from './parse-enum.ts';
import { parseExtend, parseMessage } from './parse-message.ts';
import { parseService } from './parse-service.ts';
import { Parsing } from './parsing.ts';
import { ProtoError } from './proto-error.ts';

/**
 * Reads a .proto file (https://protobuf.dev/reference/protobuf/proto3-spec, and proto2's without groups) into the
 * descriptor that protoc makes of it, with comments and places. Names are not looked up. Throws a `ProtoError`.
 */
export function parse(file: string, source: string): FileDescriptorProtoInit {
  const parsing = new Parsing(file, source);
  const { tokens } = parsing;
  let syntax = 'proto2';
  let packageName: string | undefined;
  const dependency: string[] = [];
  const publicDependency: number[] = [];
  const weakDependency: number[] = [];
  const messageType: DescriptorProtoInit[] = [];
  const enumType: EnumDescriptorProtoInit[] = [];
  const service: ServiceDescriptorProtoInit[] = [];
  const options: Option[] = [];
  let first = true;
  while (tokens.next.kind !== 'end') {
    const start = tokens.next;
    if (tokens.accept(';')) continue;
    if (first && tokens.accept('syntax')) {
      tokens.expect('=');
      const place = tokens.place();
      syntax = tokens.string('"proto3" or "proto2"');
      if (syntax !== 'proto3' && syntax !== 'proto2')
        throw new ProtoError(place, `syntax "${syntax}" is not known: "proto3" or "proto2"`);
      tokens.expect(';');
      parsing.syntax = syntax;
    } else if (first && tokens.sees('edition')) {
      throw new ProtoError(tokens.place(), 'editions are not supported: use syntax = "proto3"');
    } else if (tokens.accept('package')) {
      if (packageName !== undefined) throw new ProtoError(tokens.place(start), 'a file has one package');
      packageName = tokens.path('the name of a package');
      tokens.expect(';');
    } else if (tokens.accept('import')) {
      if (tokens.accept('public')) publicDependency.push(dependency.length);
      else if (tokens.accept('weak')) weakDependency.push(dependency.length);
      parsing.mark([3, dependency.length], tokens.next);
      dependency.push(tokens.string('the name of a file'));
      tokens.expect(';');
    } else if (tokens.accept('option')) {
      options.push(readOption(tokens));
      tokens.expect(';');
    } else if (tokens.accept('message'))
      messageType.push(parseMessage(parsing, [4, messageType.length], start));
    else if (tokens.accept('enum')) enumType.push(parseEnum(parsing, [5, enumType.length], start));
    else if (tokens.accept('service')) service.push(parseService(parsing, [6, service.length], start));
    else if (tokens.accept('extend')) parseExtend(parsing);
    else throw tokens.unexpected('message, enum, service, import, option, package or extend');
    first = false;
  }
  return {
    name: file,
    ...(packageName === undefined ? {} : { package: packageName }),
    dependency,
    publicDependency,
    weakDependency,
    messageType,
    enumType,
    service,
    ...optionsOf(options),
    sourceCodeInfo: { location: parsing.locations },
    ...(syntax === 'proto3' ? { syntax } : {}),
  };
}

function optionsOf(options: readonly Option[]): Pick<FileDescriptorProtoInit, 'options'> {
  if (options.length === 0) return {};
  return {
    options: {
      javaPackage: textOption(options, 'java_package'),
      javaMultipleFiles: flag(options, 'java_multiple_files'),
      goPackage: textOption(options, 'go_package'),
      deprecated: flag(options, 'deprecated'),
    },
  };
}
