import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type GeneratedFile, generate } from './generate.ts';
import type { GenerateOptions } from './generate-options.ts';
import { load } from './load.ts';
import { toOptions } from './plugin.ts';
import { ProtoError } from './proto-error.ts';
import { shippedFiles } from './references.ts';
import { watchFiles } from './watch.ts';

export const help = `protoc-gen-micro <file.proto>... --out <folder>

Writes TypeScript contracts for .proto files and all that they import; no protoc is needed. As a plugin of protoc:
protoc --micro_out=src/gen --micro_opt=int64=string greeter.proto

  --out               where to write; folders are those of the .proto files below --proto-path
  -I, --proto-path    folder that imports are looked up in; may be given more than once (default: .)
  --int64             bigint or string (default bigint)
  --import-extension  js or ts: how generated files import each other (default js)
  --service           the service of all contracts (default: the package of the file)
  --watch             go on, and write again when a file changes
  --help              this text

Exit code: 0 when all was written. Errors name file:line:column.
`;

export interface Command {
  readonly files: readonly string[];
  readonly out: string;
  readonly folders: readonly string[];
  readonly options: GenerateOptions;
  readonly watch: boolean;
}

type Say = (line: string) => void;

/** Undefined where help is wanted. Throws for arguments that make no sense. */
export function readCommand(args: readonly string[]): Command | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      'proto-path': { type: 'string', multiple: true, short: 'I' },
      int64: { type: 'string' },
      'import-extension': { type: 'string' },
      service: { type: 'string' },
      runtime: { type: 'string' },
      watch: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || args.length === 0) return undefined;
  const { out, int64, service, runtime, watch } = values;
  if (positionals.length === 0) throw new Error('which .proto files? See --help');
  if (out === undefined) throw new Error('where to? --out <folder>');
  const options = toOptions({ int64, import_extension: values['import-extension'], service, runtime });
  return { files: positionals, out, folders: values['proto-path'] ?? [], options, watch };
}

/** Whether all was written; with `watch` it does not end until the signal aborts. */
export async function runCommand(
  command: Command,
  say: Say,
  complain: Say,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!command.watch) {
    const { written, files } = writeAll(command);
    say(`${files} files, ${written} of them new or changed`);
    return true;
  }
  await watchFiles(
    () => {
      try {
        const { written, files, paths } = writeAll(command);
        say(`${files} files, ${written} of them new or changed; watching`);
        return paths;
      } catch (error) {
        if (!(error instanceof ProtoError)) throw error;
        complain(error.message);
        return undefined;
      }
    },
    [...command.files, ...(command.folders.length === 0 ? ['.'] : command.folders)],
    signal,
  );
  return true;
}

interface Written {
  readonly files: number;
  readonly written: number;
  /** What was read. */
  readonly paths: readonly string[];
}

/** Writes only what is new: other tools watch the folder. */
function writeAll({ files, out, folders, options }: Command): Written {
  const loaded = load(files, folders);
  const names = loaded.files.map(({ name = '' }) => name).filter((name) => isWanted(name, loaded.names));
  const generated = generate(loaded.files, names, options);
  const changed = generated.filter((file) => write(join(out, file.name), file));
  return { files: generated.length, written: changed.length, paths: loaded.paths };
}

/** What was asked for, and its imports, but for those that are shipped or only have options. */
function isWanted(name: string, asked: readonly string[]): boolean {
  if (asked.includes(name)) return true;
  return (
    !shippedFiles.has(name) && !name.startsWith('google/api/') && name !== 'google/protobuf/descriptor.proto'
  );
}

function write(path: string, { content }: GeneratedFile): boolean {
  try {
    if (readFileSync(path, 'utf8') === content) return false;
  } catch {
    // not there yet
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return true;
}
