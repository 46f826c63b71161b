import type { IKeyValue, IRangeResponse } from 'etcd3';
import type { Connection } from './connection.ts';
import { isCompacted } from './errors.ts';
import { rangeOf } from './keys.ts';

/** Everything under a prefix, as it was at one revision. */
export interface Listed {
  readonly entries: readonly (readonly [key: string, text: string])[];
  readonly revision: bigint;
}

/** So many records in one answer: of a few kB each, they fit well into what a message may have. */
const pageSize = 500;

/**
 * Reads a range page by page, all pages of one revision. From the member that we happen to be connected to, as in Go:
 * services are found also while the cluster has no majority.
 */
export async function readRange(connection: Connection, prefix: string): Promise<Listed> {
  for (;;) {
    try {
      return await readPages(connection, prefix);
    } catch (error) {
      if (!isCompacted(error)) throw error; // between two pages: etcd has none of the first one's revision any more
    }
  }
}

async function readPages(connection: Connection, prefix: string): Promise<Listed> {
  const { key, range_end } = rangeOf(prefix);
  const entries: (readonly [string, string])[] = [];
  let next = key;
  let revision = '0'; // the newest
  for (;;) {
    const request = { key: next, range_end, limit: pageSize, revision, serializable: true };
    const page: IRangeResponse = await connection.request((client) => client.kv.range(request));
    for (const one of page.kvs) entries.push(textOf(one));
    if (revision === '0') revision = page.header.revision;
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return { entries, revision: BigInt(revision) };
    next = Buffer.concat([last.key, Buffer.alloc(1)]); // the first key after it
  }
}

export function textOf({ key, value }: IKeyValue): readonly [key: string, text: string] {
  return [key.toString(), value.toString()];
}
