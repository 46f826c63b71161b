/** A .proto file as gRPC's server reflection hands it out. */
export interface ProtoFile {
  /** As other files import it: `google/protobuf/any.proto`. */
  readonly name: string;
  /** A serialized google.protobuf.FileDescriptorProto, without comments. */
  readonly descriptor: () => Uint8Array;
  readonly imports: readonly ProtoFile[];
}

/** For generated code: `base64` is the descriptor. */
export function protoFile(name: string, base64: string, imports: readonly ProtoFile[]): ProtoFile {
  let bytes: Uint8Array | undefined;
  const descriptor = (): Uint8Array => {
    bytes ??= Uint8Array.from(Buffer.from(base64, 'base64'));
    return bytes;
  };
  return Object.freeze({ name, descriptor, imports });
}
