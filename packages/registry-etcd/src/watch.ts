import type { RegistryChange } from '@micro/core';
import { recordMirror } from '@micro/core/plugin';
import type { IEvent } from 'etcd3';
import type { Connection } from './connection.ts';
import { etcdError } from './errors.ts';
import { readRange, textOf } from './read.ts';
import { type End, follow } from './stream.ts';

export interface Watched {
  /** Of one service, or undefined for all. */
  readonly name: string | undefined;
  /** What the keys begin with. */
  readonly prefix: string;
  readonly changed: (change: RegistryChange) => void;
  readonly signal: AbortSignal;
  /** How long etcd may take to begin, in ms. */
  readonly timeoutMs: number;
}

/** A stream that breaks sooner is not taken up again without a list, nor here after one: whoever watches has a backoff. */
const steadyMs = 1_000;

/**
 * Lists, and follows from the list's revision on, so that nothing is missed in between. A stream that breaks is taken
 * up at the revision it had come to; where etcd refuses that, having dropped it, say, everything is listed anew.
 * Resolves when the signal aborts; rejects when etcd is lost.
 */
export async function watchPrefix(connection: Connection, watched: Watched): Promise<void> {
  const { name, prefix, changed, signal, timeoutMs } = watched;
  const mirror = recordMirror('etcd', name);
  const tell = (changes: readonly RegistryChange[]): void => {
    for (const change of changes) if (!signal.aborted) changed(change);
  };
  const take = ({ type, kv }: IEvent): void => {
    const [key, text] = textOf(kv);
    tell(isDelete(type) ? mirror.remove(key) : mirror.put(key, text));
  };
  while (!signal.aborted) {
    const { entries, revision } = await readRange(connection, prefix);
    tell([mirror.list(entries)]);
    let end = await follow(connection, { prefix, from: revision + 1n, take, signal, timeoutMs });
    if (isBroken(end)) throw etcdError(end.error);
    while (!signal.aborted && !isBroken(end)) {
      end = await follow(connection, { prefix, from: end.next, take, signal, timeoutMs });
    }
  }
}

/** A stream that has lived for a while may be taken up again; one that has not gives no reason to think so. */
function isBroken({ error, lastedMs }: End): boolean {
  return error !== undefined && lastedMs < steadyMs;
}

// The library's types write the names of enums in another case than its decoder.
function isDelete(type: string): boolean {
  return type.toUpperCase() === 'DELETE';
}
