export interface ProtobufCodecOptions {
  /**
   * Fields that are read without being known: `keep` them in the message and write them again, as the specification
   * asks of proto3 parsers, or `drop` them. JSON never has them. @default 'keep'
   */
  readonly unknownFields?: 'keep' | 'drop' | undefined;
}
