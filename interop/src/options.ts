import { parseArgs } from 'node:util';

export interface Options {
  readonly help: boolean;
  /** Texts; only cells that have all of them in their name are run. */
  readonly only: readonly string[];
  /** Only checks with this text in their name. */
  readonly check: string;
  /** Go calls Go and ours calls ours, to tell whose fault it is. */
  readonly baseline: boolean;
  readonly json: string | undefined;
  readonly writeDocs: boolean;
  /** Print what the peers said when a check fails. */
  readonly verbose: boolean;
}

export const usage = `npm run interop -- [options]
  --only TEXT     only cells with this text in their name (v5, etcd, streams, ts-go); again for more
  --check TEXT    only checks with this text in their name (killed)
  --baseline      Go calls Go and ours calls ours, to tell whose fault it is
  --json FILE     writes every check's outcome there
  --write-docs    writes the matrix of the last run of every check into docs/go-micro.md
  --verbose       prints what the peers have said where a check fails
  --help

Needs Go to build the peers once, and builds or fetches the servers that it needs. Without Go nothing is run, which is
an error with MICRO_BACKENDS=required only.`;

/** Throws for arguments that make no sense. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      check: { type: 'string', default: '' },
      baseline: { type: 'boolean', default: false },
      json: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, only, check, baseline, json, verbose, 'write-docs': writeDocs } = values;
  return { help, only, check, baseline, json, verbose, writeDocs };
}
