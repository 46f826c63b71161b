import type {
  DescriptorProto,
  FieldDescriptorProto,
  FieldDescriptorProto_Type,
  FileDescriptorProto,
} from './gen/compiler.micro.ts';

/** Where a type is declared. */
export interface TypeOf {
  readonly file: FileDescriptorProto;
  readonly message: DescriptorProto | undefined;
  /** Of an enum: its values, the first first. */
  readonly values: readonly string[];
}

/** All types of all files, by their names with a dot in front. */
export function typesOf(files: readonly FileDescriptorProto[]): ReadonlyMap<string, TypeOf> {
  const types = new Map<string, TypeOf>();
  for (const file of files) {
    const addEnum = (scope: string, { name, value }: FileDescriptorProto['enumType'][number]): void => {
      types.set(`${scope}.${name}`, { file, message: undefined, values: value.map((one) => one.name ?? '') });
    };
    const addMessage = (scope: string, message: DescriptorProto): void => {
      const full = `${scope}.${message.name}`;
      types.set(full, { file, message, values: [] });
      for (const nested of message.nestedType) addMessage(full, nested);
      for (const nested of message.enumType) addEnum(full, nested);
    };
    const scope = file.package === undefined || file.package === '' ? '' : `.${file.package}`;
    for (const message of file.messageType) addMessage(scope, message);
    for (const one of file.enumType) addEnum(scope, one);
  }
  return types;
}

export type Scalar =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes';

const scalars: readonly (readonly [Scalar, FieldDescriptorProto_Type])[] = [
  ['double', 'TYPE_DOUBLE'],
  ['float', 'TYPE_FLOAT'],
  ['int64', 'TYPE_INT64'],
  ['uint64', 'TYPE_UINT64'],
  ['int32', 'TYPE_INT32'],
  ['fixed64', 'TYPE_FIXED64'],
  ['fixed32', 'TYPE_FIXED32'],
  ['bool', 'TYPE_BOOL'],
  ['string', 'TYPE_STRING'],
  ['bytes', 'TYPE_BYTES'],
  ['uint32', 'TYPE_UINT32'],
  ['sfixed32', 'TYPE_SFIXED32'],
  ['sfixed64', 'TYPE_SFIXED64'],
  ['sint32', 'TYPE_SINT32'],
  ['sint64', 'TYPE_SINT64'],
];

/** What descriptors call the scalars of .proto files. */
export const scalarTypes: ReadonlyMap<string, FieldDescriptorProto_Type> = new Map(scalars);
const scalarsByType: ReadonlyMap<unknown, Scalar> = new Map(scalars.map(([name, type]) => [type, name]));

/** The scalar of a field; undefined for messages and enums. */
export function scalarOf({ type }: FieldDescriptorProto): Scalar | undefined {
  return scalarsByType.get(type);
}

/** Wire types (https://protobuf.dev/programming-guides/encoding/#structure). */
export function wireTypeOf(field: FieldDescriptorProto): 0 | 1 | 2 | 5 {
  const scalar = scalarOf(field);
  if (scalar === undefined) return field.type === 'TYPE_ENUM' ? 0 : 2;
  if (scalar === 'string' || scalar === 'bytes') return 2;
  if (scalar === 'double' || scalar === 'fixed64' || scalar === 'sfixed64') return 1;
  return scalar === 'float' || scalar === 'fixed32' || scalar === 'sfixed32' ? 5 : 0;
}
