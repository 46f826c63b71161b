import { fileURLToPath } from 'node:url';
import { type GeneratedFile, type GenerateOptions, generate, load } from '../src/index.ts';

/** A folder of this package, or beside it. */
export function folder(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

export interface Source {
  readonly folder: string;
  readonly files: readonly string[];
  readonly options: GenerateOptions;
  /** Where the generated code is committed. */
  readonly out: string;
}

const ts = 'ts' as const;
const shipped = ['any', 'duration', 'empty', 'field_mask', 'struct', 'timestamp', 'wrappers'];

/** All generated code of the repository. */
export const sources: readonly Source[] = [
  {
    folder: folder('protos'),
    files: shipped.map((name) => `google/protobuf/${name}.proto`),
    options: { importExtension: ts, runtime: '../../generated.ts' },
    out: folder('../codec-protobuf/src'),
  },
  {
    folder: folder('proto'),
    files: ['compiler.proto'],
    options: { importExtension: ts },
    out: folder('src/gen'),
  },
  {
    folder: folder('../codec-protobuf/test/protos'),
    files: ['demo/v1/everything.proto'],
    options: { importExtension: ts },
    out: folder('../codec-protobuf/test/gen'),
  },
  {
    folder: folder('../codec-protobuf/test/protos'),
    files: ['text64.proto'],
    options: { importExtension: ts, int64: 'string' },
    out: folder('../codec-protobuf/test/gen'),
  },
  {
    folder: folder('../transport-grpc/test/protos'),
    files: ['grpc/testing/test.proto', 'xds/orca/orca.proto'],
    options: { importExtension: ts },
    out: folder('../transport-grpc/test/gen'),
  },
  {
    folder: folder('../../examples/proto/proto'),
    files: ['greeter/v1/greeter.proto'],
    options: { importExtension: ts },
    out: folder('../../examples/proto/src/gen'),
  },
  {
    folder: folder('../../bench/protos'),
    files: ['messages.proto'],
    options: { importExtension: ts },
    out: folder('../../bench/src'),
  },
];

export function generated({ folder: root, files, options }: Source): readonly GeneratedFile[] {
  const loaded = load(
    files.map((file) => `${root}/${file}`),
    [root],
  );
  return generate(loaded.files, loaded.names, options);
}
