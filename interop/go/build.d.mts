export interface GoPeer {
  /** Of go-micro: `4.11.0`. */
  readonly version: string;
  readonly file: string;
  /** With go-micro's gRPC client and server. */
  readonly grpcFile: string;
}

export function goPeer(major: string, say: (line: string) => void): Promise<GoPeer>;
export function goMissing(major: string): Promise<string | undefined>;
