export interface MsgpackCodecOptions {
  /** Messages nested deeper are refused, both ways. @default 512 */
  readonly maxDepth?: number | undefined;
  /**
   * What a 64-bit integer on the wire becomes. `bigint`: always one, so that a bigint comes back as it was. `auto`: a
   * number where it is exact, for peers that write small numbers in 64 bits. @default 'bigint'
   */
  readonly int64?: 'bigint' | 'auto' | undefined;
}
