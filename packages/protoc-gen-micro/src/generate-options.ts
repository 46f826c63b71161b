/** How code is generated; the same for the command and for protoc (`--micro_opt=int64=string`). */
export interface GenerateOptions {
  /** What 64-bit integers are. @default 'bigint' */
  readonly int64?: 'bigint' | 'string' | undefined;
  /** How generated files name each other. @default 'js' */
  readonly importExtension?: 'js' | 'ts' | undefined;
  /** The service of all contracts. @default the package of the file, so that paths are gRPC's own */
  readonly service?: string | undefined;
  /** What generated code is made of. @default '@micro/codec-protobuf/generated' */
  readonly runtime?: string | undefined;
}
